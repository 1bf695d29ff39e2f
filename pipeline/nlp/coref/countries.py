"""Countries of persons: nationalities, states of offices, organisations, homes and birthplaces in the text."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise

from newslake.pipeline.kb import KnowledgeBase
from newslake.pipeline.model.annotation import CountryMethod
from newslake.pipeline.nlp.coref.name_clusters import NameClusters
from newslake.pipeline.nlp.coref.pronouns import PronounResolution
from newslake.pipeline.nlp.coref.roles import is_role
from newslake.pipeline.nlp.languages.spec import CountryData, NameData
from newslake.pipeline.nlp.ner.spans import Name, surface_of
from newslake.pipeline.nlp.ner.types import has_age
from newslake.pipeline.nlp.tokens import SUBJECTS, Tokens, head_of

Evidence = tuple[str, CountryMethod]
Span = tuple[int, int]
_RANKS: tuple[CountryMethod, ...] = ("nationality", "role", "affiliation", "birthplace", "office")
_LEAST_MENTIONS = 3  # of a country before it is the article's
_LEAST_RATIO = 3  # to the mentions of the next country
_BEFORE = 8  # tokens between a preposition and a name that it governs


def countries_of_persons(
    tokens: Tokens,
    names: tuple[Name, ...],
    known: tuple[NameClusters, Sequence[Span | None], Sequence[PronounResolution]],
    data: NameData,
    kb: KnowledgeBase,
) -> Mapping[int, Evidence]:
    """Return the country of each person, by cluster, with the method of its best evidence.

    A stated nationality is the best; two countries of the best method leave the person without one.
    """
    chains, roles, pronouns = known
    reader = _CountryReader(tokens, names, data, kb)
    evidence: defaultdict[int, defaultdict[CountryMethod, set[str]]] = defaultdict(lambda: defaultdict(set))
    cluster_at: dict[int, int] = {}
    for name, link, role in zip(names, chains.links, roles, strict=True):
        if link.cluster is None or chains.clusters[link.cluster].entity_type != "PERSON":
            continue
        cluster_at[head_of(tokens, name.first, name.last)] = link.cluster
        for code, method in reader.read(name, role):
            evidence[link.cluster][method].add(code)
    cluster_at |= {each.token: each.cluster for each in pronouns if each.cluster is not None}
    for cluster, code, method in reader.origins(cluster_at):
        evidence[cluster][method].add(code)
    return {cluster: best for cluster, codes in evidence.items() if (best := _best(codes))}


def _best(codes: Mapping[CountryMethod, set[str]]) -> Evidence | None:
    method = next(method for method in _RANKS if codes.get(method))
    return (next(iter(codes[method])), method) if len(codes[method]) == 1 else None


class _CountryReader:
    """Reads the evidence next to names."""

    def __init__(self, tokens: Tokens, names: tuple[Name, ...], data: NameData, kb: KnowledgeBase) -> None:
        self.tokens = tokens
        self.data = data
        self.words: CountryData = data.countries
        self.kb = kb
        self.name_at = {i: name for name in names for i in range(name.first, name.last + 1)}
        self.with_state = re.compile(self.words.party_pattern)
        self.names = names

    @cached_property
    def counts(self) -> Counter[str]:
        """The number of names of each country; few articles need it."""
        return Counter(code for name in self.names if (code := self._country_of_name(name)))

    def read(self, name: Name, role: Span | None) -> Iterator[Evidence]:
        """Yield the countries that the role, the words before and after a person's name give."""
        start = name.first if name.title is None else name.title
        first, last = role if role is not None else (start, start - 1)
        noun = self._head_noun(first, last) if last >= first else None
        if first > name.first:
            yield from self._in_phrase(first, last, noun)
        else:
            yield from self._in_phrase(self._with_owner(first), max(last, start - 1), noun)
        yield from self._after(name)
        yield from self._predicate(name)
        state = self._state_of_office(name, role)
        if state:
            yield state, "office"

    def origins(self, cluster_at: Mapping[int, int]) -> Iterator[tuple[int, str, CountryMethod]]:
        """Yield (cluster, country, method) of "Brito was born in Lisbon, Portugal" and "who is based in Lisbon".

        ``cluster_at`` has the persons by token.
        """
        tokens = self.tokens
        methods: tuple[tuple[frozenset[str], CountryMethod], ...] = (
            (self.words.birth_words, "birthplace"),
            (self.words.base_words, "affiliation"),
        )
        for listed, method in methods:
            if listed.isdisjoint(tokens.lower):
                continue
            for index, word in enumerate(tokens.lower):
                if word not in listed or tokens.lower[index + 1 : index + 2] != ["in"]:
                    continue
                cluster = self._subject_of(index, cluster_at)
                name = self.name_at.get(index + 2)
                code = self._country_of_place(name) if name is not None else None
                if cluster is not None and code is not None:
                    yield cluster, code, method

    def _subject_of(self, verb: int, cluster_at: Mapping[int, int]) -> int | None:
        """Return the cluster of the person who is the subject of "born", or of the clause that it modifies."""
        tokens = self.tokens
        subjects = tokens.dependents(verb, *SUBJECTS)
        if any(tokens.tag[each] == "WP" for each in subjects):
            subjects = [tokens.head[verb]]
        if not subjects and tokens.dep[verb] in ("advcl", "acl", "conj"):
            head = tokens.head[verb]
            subjects = [head, *tokens.dependents(head, *SUBJECTS)]
        subjects += [tokens.head[each] for each in subjects if tokens.dep[each] == "appos"]
        return next((cluster_at[each] for each in subjects if each in cluster_at), None)

    def _head_noun(self, first: int, last: int) -> int:
        """Return the noun of a role: the last role word before its first preposition."""
        end = next((i for i in range(first, last + 1) if self.tokens.tag[i] in ("IN", "TO")), last + 1)
        nouns = [i for i in range(first, end) if is_role(self.tokens.lower[i], self.data)]
        return nouns[-1] if nouns else end - 1

    def _with_owner(self, first: int) -> int:
        """Return the first token of the words before a role that may state its country: "Peru's", "the Hungarian"."""
        tokens = self.tokens
        before = first - 1
        if before > 0 and tokens.tag[before] == "POS":
            before -= 1
        is_near = before >= 0 and tokens.sentence[before] == tokens.sentence[first]
        if not is_near or not tokens.is_capital[before] or tokens.tag[before] == "DT":
            return first
        name = self.name_at.get(before)
        if name is not None:
            return name.first if name.label != "PERSON" else first
        return before

    def _in_phrase(self, first: int, last: int, noun: int | None) -> Iterator[Evidence]:
        """Yield the evidence of the names and demonyms in the words of a role."""
        index = first
        while index <= last:
            name = self.name_at.get(index)
            stop = index if name is None or name.label == "PERSON" else min(name.last, last)
            if self.tokens.is_capital[index] and (name is None or name.label != "PERSON"):
                yield from self._of_unit(index, stop, first, noun, name)
            index = stop + 1

    def _of_unit(self, first: int, last: int, begin: int, noun: int | None, name: Name | None) -> Iterator[Evidence]:
        """Yield the country of a name or word in a role that begins at ``begin`` and has this noun."""
        tokens = self.tokens
        preposition = self._preposition(first, begin)
        if preposition is not None and preposition not in self.words.role_prepositions:
            if name is not None and noun is not None and (code := self._seat(name, begin, noun)):
                yield code, "affiliation"
            return
        name = Name(first, last, "") if name is None else name
        text = self._last_demonym(surface_of(tokens, name))
        if not name.label and self._code(text) is None and first + 1 < len(tokens):
            text = f"{text} {tokens.text[first + 1]}"
        code = self._code(text)
        if tokens.lower[last + 1 : last + 2] == ["-"]:
            yield from self._of_compound(code, name, noun)
        elif code is not None:
            if self._is_of_person(text, last, noun, preposition):
                yield code, self._method(text, noun, preposition)
        elif name.label and noun is not None and (code := self._of_name(name, noun, preposition)):
            yield code, "affiliation"

    def _is_of_person(self, text: str, last: int, noun: int | None, preposition: str | None) -> bool:
        """Return whether a country in a role is the person's: no topic, and not the first in "Chinese American"."""
        if noun is not None and self._is_topic(text, last, noun, preposition):
            return False
        return self.words.immigrant_demonyms.isdisjoint(self.tokens.lower[last + 1 : last + 2])

    def _last_demonym(self, text: str) -> str:
        """Return the demonym at the end of "Chinese American", and other texts as they are ("South American")."""
        first, _, last = text.partition(" ")
        is_immigrant = last.lower() in self.words.immigrant_demonyms and first.lower() not in self.words.continent_words
        return last if is_immigrant else text

    def _of_name(self, name: Name, noun: int, preposition: str | None) -> str | None:
        """Return the country of a place or organisation in a role; any role may be "from" a place."""
        if self._is_state_office(name, noun):
            return self.words.federation
        if preposition == "from" and name.label in ("GPE", "LOC"):
            return self._country_of_place(name)
        return self._affiliation(name, noun)

    def _is_state_office(self, name: Name, noun: int) -> bool:
        """Return whether a state with the name of a country has the office: "Georgia Secretary of State"."""
        office = tuple(self.tokens.lower[noun : noun + 3])
        is_state = surface_of(self.tokens, name).lower() in self.words.ambiguous_states
        return is_state and (office[0] in self.words.state_offices or " ".join(office) in self.words.state_offices)

    def _seat(self, name: Name, begin: int, noun: int) -> str | None:
        """Return the country of the city after an organisation in a role: "nurse at Marsh Hospital in Lima"."""
        tokens = self.tokens
        before = name.first - 2
        if name.label not in ("GPE", "LOC") or tokens.lower[name.first - 1] != "in" or before <= noun:
            return None
        place = surface_of(tokens, name)
        between = set(tokens.lower[begin : before + 1])
        is_host = not between.isdisjoint(self.words.seat_nouns) and between.isdisjoint(self.words.foreign_words)
        if not is_host or self._code(place) is not None:
            return None
        return self._country_of_place(name)

    def _of_compound(self, code: str | None, name: Name, noun: int | None) -> Iterator[Evidence]:
        """Yield the country of "Kenyan-born", "Lima-based", and the last one of "Mexican-American"; of no other."""
        second = name.last + 2
        word = self.tokens.lower[second] if second < len(self.tokens) else ""
        if word in self.words.base_words:
            is_foreign = noun is not None and self.tokens.lower[noun] in self.words.foreign_words
            if not is_foreign and (code := self._country_of_place(name)):
                yield code, "affiliation"
        elif code is not None and word in self.words.birth_words:
            yield code, "birthplace"
        elif code is not None and word not in self.words.immigrant_demonyms and (other := self._code(word)):
            yield from ((code, "nationality"), (other, "nationality"))

    def _method(self, text: str, noun: int | None, preposition: str | None) -> CountryMethod:
        if preposition is None:
            if self._is_demonym(text):
                return "nationality"
            return "affiliation" if noun is None else "role"
        return "role" if preposition == "of" else "affiliation"

    def _preposition(self, index: int, first: int) -> str | None:
        """Return the last preposition of a role before a token."""
        for before in range(index - 1, max(first, index - _BEFORE) - 1, -1):
            if self.tokens.tag[before] in ("IN", "TO"):
                return self.tokens.lower[before]
        return None

    def _is_topic(self, text: str, last: int, noun: int, preposition: str | None) -> bool:
        """Return whether a country is what a role is about: "China correspondent", "Russian history professor"."""
        tokens = self.tokens
        if last + 1 < len(tokens) and tokens.lower[last + 1] in self.words.topic_nouns:
            return True
        role = tokens.lower[noun]
        if self._is_demonym(text) and preposition is None:
            is_followed = noun + 1 < len(tokens) and tokens.lower[noun + 1] in self.words.topic_prepositions
            return role in self.words.language_roles and not is_followed
        is_adjective = preposition is None and text.lower().replace(".", "") in self.words.adjective_names
        return role in (self.words.desk_roles if is_adjective else self.words.topic_roles) and preposition in (
            None,
            "of",
        )

    def _code(self, text: str) -> str | None:
        """Return the country of a country's name or demonym that means nothing else."""
        word = text.lower()
        if word in self.words.ambiguous:
            return None
        return self.words.nations.get(word) or self.words.demonyms.get(word) or self.kb.country_of(text)

    def _is_demonym(self, text: str) -> bool:
        return text.lower() in self.words.demonyms or self.kb.is_demonym(text)

    def _affiliation(self, name: Name, noun: int) -> str | None:
        """Return the country of an organisation, or of a place with a civic role or a university."""
        words = surface_of(self.tokens, name).split()
        if name.label in ("GPE", "LOC"):
            role = self.tokens.bare[noun]
            is_state = " ".join(words).lower() in self.words.states
            is_civic = role in self.words.civic_roles or (is_state and role in self.words.offices)
            return self._country_of_place(name) if is_civic else None
        entry = self.kb.lookup(" ".join(words), "ORG") if name.label in ("ORG", "FAC") else None
        if entry is not None:
            is_public = not self.data.public_nouns.isdisjoint(word.lower() for word in words)
            return entry.country if not is_public or self.counts[entry.country or ""] else None
        is_of_continent = name.label == "NORP" and words[0].lower() in self.words.continent_words
        if name.label not in ("ORG", "FAC", "NORP") or is_of_continent:
            return None
        codes = {code for word in words if (code := self._code(word))}
        if codes:
            return codes.pop() if len(codes) == 1 else None
        return self.words.federation if self._has_state(words) else self._country_of_city(words)

    def _has_state(self, words: Sequence[str]) -> bool:
        """Return whether the name of an organisation has that of a state: "University of Wisconsin-Madison"."""
        parts = [part.lower() for word in words for part in word.split("-")]
        pairs = (" ".join(pair) for pair in pairwise(parts))
        return not self.words.states.isdisjoint(parts) or not self.words.states.isdisjoint(pairs)

    def _country_of_city(self, words: Sequence[str]) -> str | None:
        """Return the country of the city in the name of a university or a public office: "University of Leeds"."""
        if self.words.civic_nouns.isdisjoint(word.lower() for word in words):
            return None
        rest = " ".join(word for word in words if word.lower() not in self.words.civic_nouns and word != "of")
        return self._place_code(rest)

    def _country_of_place(self, name: Name) -> str | None:
        """Return the country of a place; the name after its comma decides ("Birmingham, Alabama")."""
        tokens = self.tokens
        after = self.name_at.get(name.last + 2) if tokens.text[name.last + 1 : name.last + 2] == [","] else None
        if after is not None and after.label in ("GPE", "LOC"):
            name = after
        return self._code(surface_of(tokens, name)) or self._place_code(surface_of(tokens, name))

    def _place_code(self, text: str) -> str | None:
        """Return the country of a known region or city, if the article does not name only other countries."""
        word = text.lower()
        if word in self.words.ambiguous or self.kb.country_of(text):
            return None
        if word in self.words.states:
            return self.words.federation
        entry = self.kb.lookup(text, "GPE")
        city = self.kb.city(text)
        code = entry.country if entry is not None else city.country if city is not None else None
        return code if code in self.counts or not self.counts else None

    def _country_of_name(self, name: Name) -> str | None:
        if name.label not in ("GPE", "NORP", "ORG", "LOC"):
            return None
        text = surface_of(self.tokens, name)
        code = self.words.federation if text.lower() in self.words.states else self._code(text)
        if code is None and text.lower() not in self.words.ambiguous:
            entry = self.kb.lookup(text, name.label)
            code = entry.country if entry is not None else None
        return code

    def _after(self, name: Name) -> Iterator[Evidence]:
        """Yield the evidence after a name: "Brito (R-Ky.)", "Brito, 61, of Porto", "Brito of Oxford University"."""
        tokens = self.tokens
        if self.with_state.match(tokens.content, tokens.end[name.last]):
            yield self.words.federation, "affiliation"
        index = name.last + 1
        if has_age(tokens, name):
            index += 2
        index += tokens.text[index : index + 1] == [","]
        if index + 2 >= len(tokens) or tokens.lower[index] not in self.words.home_prepositions:
            return
        place = self.name_at.get(index + 1 + (tokens.tag[index + 1] == "DT"))
        if place is None or place.label == "PERSON":
            return
        is_place = place.label in ("GPE", "LOC")
        if is_place and tokens.lower[index] in self.data.place_prepositions:
            return
        code = self._country_of_place(place) if is_place else self._affiliation(place, name.last)
        if code is not None:
            yield code, "affiliation"
        elif not is_place:
            yield from self._base(place.last + 1)

    def _base(self, comma: int) -> Iterator[Evidence]:
        """Yield the country of an organisation in apposition: ", a Lima-based firm"."""
        tokens = self.tokens
        place = self.name_at.get(comma + 2)
        if tokens.text[comma : comma + 1] != [","] or tokens.lower[comma + 1] not in self.data.indefinite:
            return
        if place is None or tokens.lower[place.last + 1 : place.last + 2] != ["-"]:
            return
        if tokens.lower[place.last + 2] in self.words.base_words:
            yield from self._of_compound(None, place, None)

    def _predicate(self, name: Name) -> Iterator[Evidence]:
        """Yield the nationality in a predicate: "Brito is a Kenyan", "Brito, who is Kenyan", "is a Kenyan star"."""
        tokens = self.tokens
        head = head_of(tokens, name.first, name.last)
        verbs = [verb for verb in tokens.dependents(head, "relcl") if tokens.dependents(verb, *SUBJECTS)]
        if tokens.dep[head] in SUBJECTS:
            verbs.append(tokens.head[head])
        for verb in verbs:
            if tokens.lemma[verb] != "be" or tokens.dependents(verb, "neg", "aux"):
                continue
            for word in tokens.dependents(verb, "attr", "acomp"):
                is_topic = (
                    tokens.lower[word] in self.words.topic_roles or tokens.lower[word] in self.words.language_roles
                )
                is_one = any(tokens.lower[each] in self.data.articles for each in tokens.dependents(word, "det"))
                for each in [word, *(tokens.dependents(word, "amod", "compound") if is_one and not is_topic else ())]:
                    if self._is_demonym(tokens.text[each]) and (code := self._code(tokens.text[each])):
                        yield code, "nationality"

    def _state_of_office(self, name: Name, role: Span | None) -> str | None:
        """Return the article's country for an office of state that names none: "Prime Minister Ana Brito"."""
        span = role or (None if name.title is None else (name.title, name.first - 1))
        if span is None:
            return None
        office = [self.tokens.lower[i].rstrip(".") for i in range(span[0], span[1] + 1)]
        words = self.words
        only = words.office_countries.get(self.tokens.lower[self._head_noun(*span)])
        if only is not None:
            return only
        if office[-1] not in words.offices or not words.office_words.issuperset(office):
            return None
        is_title = span[1] == name.first - 1 and office[-1] in words.titles_of_state
        if (not is_title and words.bodies.isdisjoint(office)) or self.tokens.tag[max(span[0] - 1, 0)] == "POS":
            return None
        code = self._country_of_article()
        return None if code is None or office[-1] in words.offices_without.get(code, ()) else code

    def _country_of_article(self) -> str | None:
        """Return the country that the article names most, if it names every other much less."""
        (code, most), (_, next_most) = (*self.counts.most_common(2), ("", 0), ("", 0))[:2]
        return code if most >= max(_LEAST_MENTIONS, _LEAST_RATIO * next_most) else None
