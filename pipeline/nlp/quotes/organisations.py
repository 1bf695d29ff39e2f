"""Definite nouns that speak for an organisation: "the ministry" is the ministry that the article named last."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from newslake.pipeline.model import Entity
from newslake.pipeline.nlp.languages.spec import CueData, LanguageData, NameData
from newslake.pipeline.nlp.quotes.cues import noun_phrase
from newslake.pipeline.nlp.quotes.quotation_marks import QuotedText
from newslake.pipeline.nlp.tokens import SUBJECTS, Tokens, head_of

_FARTHEST = 6  # sentences from the name to the noun
_LONGEST_ACRONYM = 6


@dataclass(frozen=True, slots=True)
class NamedOrganisation:
    """A name of an organisation outside quotation marks, with its first token and its words in lower case."""

    first: int
    entity: Entity
    words: frozenset[str]
    is_subject: bool


@dataclass(frozen=True, slots=True)
class OrganisationFinder:
    """``named`` are the names of organisations that a noun may refer to, in reading order; ``starts`` are their first
    tokens.
    """

    tokens: Tokens
    data: NameData
    named: Sequence[NamedOrganisation]
    starts: Sequence[int]

    def referent(self, head: int) -> Entity | None:
        """Return the organisation that the noun phrase with this head refers to.

        It is the last one named whose kind fits. Of several in one sentence it is the subject, else none.
        """
        noun = self.tokens.lemma[head]
        if not self._is_anaphoric(head):
            return None
        fitting: list[NamedOrganisation] = []
        for each in self._before(head):
            if fitting and self.tokens.sentence[each.first] != self.tokens.sentence[fitting[0].first]:
                break
            if self._fits(each, noun):
                fitting.append(each)
        clusters = {each.entity.cluster_index for each in fitting}
        if len(clusters) > 1:
            fitting = [each for each in fitting if each.is_subject]
        return fitting[0].entity if fitting and (len(clusters) == 1 or len(fitting) == 1) else None

    def last_subject(self, token: int) -> NamedOrganisation | None:
        """Return the organisation that was named last as a subject, in the sentence of a token or the one before.

        None if another one is named after it.
        """
        for each in self._before(token):
            if self.tokens.sentence[token] - self.tokens.sentence[each.first] > 1:
                return None
            return each if each.is_subject else None
        return None

    def is_named_between(self, first: int, last: int) -> bool:
        """Return whether an organisation is named between two tokens."""
        return bisect_left(self.starts, last) > bisect_left(self.starts, first + 1)

    def _is_anaphoric(self, head: int) -> bool:
        """Return whether a phrase is "the" and an organisation's noun, perhaps with adjectives: "the local paper"."""
        tokens, data, noun = self.tokens, self.data, self.tokens.lemma[head]
        nouns = (data.organisation_nouns, data.company_nouns, data.any_organisation, data.trade_nouns)
        if tokens.tag[head] != "NN" or not any(noun in listed for listed in nouns):
            return False
        first, last = noun_phrase(tokens, head)
        if last > head or tokens.lower[first] not in data.definite:
            return False
        modifiers = ("JJ", "VBG", "NN") if noun in data.trade_nouns else ("JJ", "VBG")
        return all(tokens.tag[index] in modifiers for index in range(first + 1, head))

    def _before(self, head: int) -> Iterator[NamedOrganisation]:
        """Yield the names before a token, last first."""
        for place in range(bisect_left(self.starts, head) - 1, -1, -1):
            each = self.named[place]
            if self.tokens.sentence[head] - self.tokens.sentence[each.first] > _FARTHEST:
                return
            yield each

    def _fits(self, each: NamedOrganisation, noun: str) -> bool:
        """Return whether a name is of the kind that a noun states, by its words or by the noun before it."""
        kinds = self.data.organisation_kinds.get(noun, frozenset())
        before = self.tokens.lower[each.first - 1] if each.first else ""
        if noun in each.words or noun in self.data.any_organisation or not kinds.isdisjoint({*each.words, before}):
            return True
        is_public = not self.data.public_nouns.isdisjoint(each.words)
        is_company = noun in self.data.company_nouns or noun in self.data.trade_nouns
        if before == noun or (is_company and not kinds and not is_public):
            return True
        return noun in self.data.acronym_nouns and _is_known_acronym(each)


def _is_addressee(tokens: Tokens, name: int, data: CueData) -> bool:
    """Return whether a name is that of an addressee: "informed Acme", "in a statement to Acme"."""
    governor = tokens.head[name]
    if tokens.dep[name] in ("dobj", "dative"):
        return tokens.lemma[governor] in data.addressed
    above = tokens.lemma[tokens.head[governor]]
    return (
        tokens.dep[name] == "pobj"
        and tokens.tag[governor] in ("IN", "TO")
        and (tokens.lower[governor] in data.addressing and (above in data.medium_words or above in data.verbs))
    )


def _is_known_acronym(each: NamedOrganisation) -> bool:
    """Return whether a name is an acronym of an organisation that acts or has a long name; "SMS" need not be one."""
    text = each.entity.entity_text
    is_acronym = text.isupper() and text.isalpha() and len(text) <= _LONGEST_ACRONYM
    return is_acronym and (each.is_subject or len(each.words) > 2)


def organisation_finder(
    tokens: Tokens, quoted: QuotedText, entities: Sequence[Entity], language: LanguageData
) -> OrganisationFinder:
    """Return an organisation finder over an article's mentions; an addressee is no candidate."""
    named = []
    for entity in entities:
        if entity.mention_kind != "name" or entity.entity_type != "ORG":
            continue
        first = tokens.at(entity.start_char)
        head = head_of(tokens, first, tokens.at(entity.end_char - 1))
        if quoted.inside[first] or _is_addressee(tokens, head, language.cues) or not tokens.is_body[first]:
            continue
        words = frozenset(f"{entity.entity_name} {entity.entity_text}".lower().split())
        named.append(NamedOrganisation(first, entity, words, tokens.dep[head] in SUBJECTS))
    return OrganisationFinder(tokens, language.names, named, [each.first for each in named])
