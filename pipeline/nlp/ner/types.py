"""One type per spelling of a name: its mentions vote, with the words in and next to them as evidence."""

from collections import defaultdict
from collections.abc import Iterator, Set
from dataclasses import replace

from newslake.pipeline.kb import KnowledgeBase
from newslake.pipeline.nlp.languages.spec import NameData
from newslake.pipeline.nlp.ner.spans import Name
from newslake.pipeline.nlp.tokens import Tokens

_PLACES = frozenset({"GPE", "LOC", "FAC"})
_NEVER_PEOPLE = frozenset({"PERSON", "NORP", "LANGUAGE", "EVENT", "LAW"})
_CALLED_WITHOUT = frozenset({"EVENT", "PRODUCT"})  # named without the noun too: "Ellen", "Vigilant"
_ARGUMENTS = frozenset({"nsubj", "nsubjpass", "dobj", "poss", "agent", "pobj", "dative"})
# Weights of evidence; the label of a mention counts 1, or 5 after an honorific.
_DECISIVE = 3.0
_CLEAR = 2.0
_HINT = 1.5
_SLIGHT = 1.1
_LEANING = 0.7
_PRONOUN_REACH = 12
_OPENING_MARKS = frozenset('“"‘')
_SUBJECTS = frozenset({"nsubj", "nsubjpass"})
_OBJECTS = frozenset({"dobj", "dative"})
_PREMODIFIERS = frozenset({"JJ", "NN", "VBG", "VBN"})


def assign_types(
    tokens: Tokens, names: tuple[Name, ...], forms: list[str], data: NameData, kb: KnowledgeBase
) -> tuple[Name, ...]:
    """Return the names with one type per spelling. ``forms`` are the folded names."""
    voting = _TypeVote(tokens, names, forms, data, kb)
    return tuple(
        name if name.label == label else replace(name, label=label)
        for name, label in zip(names, voting.labels(), strict=True)
    )


class _TypeVote:
    """An article's evidence on the types of its names."""

    def __init__(
        self, tokens: Tokens, names: tuple[Name, ...], forms: list[str], data: NameData, kb: KnowledgeBase
    ) -> None:
        self._tokens, self._names, self._forms, self._data = tokens, names, forms, data
        self._known = kb.types_of(forms)
        pairs = list(zip(forms, names, strict=True))
        self._surnames = {form.split()[-1] for form, name in pairs if self._is_full_person(name, form)}
        self._borne = {form.split()[-1] for form, name in pairs if name.after_honorific}
        self._people = {name.first for name in names if name.label == "PERSON"}
        self._ends_of_people = {name.last for name in names if name.label == "PERSON"}
        self._single_people = {
            form for form, name in pairs if name.label == "PERSON" and " " not in form and not self._known[form]
        }
        self._borne_forenames = {form.split()[0] for form, name in pairs if self._is_full_name(name, form)}
        self._fuller = dict(self._short_forms(pairs))

    def _is_full_person(self, name: Name, form: str) -> bool:
        return name.label == "PERSON" and " " in form and self._by_words(name, form.split()) is None

    def _is_full_name(self, name: Name, form: str) -> bool:
        """Return whether a name begins with a forename, whatever the model's label."""
        words = form.split()
        return len(words) > 1 and self._begins_with_forename(name, words) and self._by_words(name, words) is None

    def _short_forms(self, pairs: list[tuple[str, Name]]) -> Iterator[tuple[str, str]]:
        """Yield the first word of each "Ashby Town" and "Acme Holdings", and the final word of each "Orrin Gazette"."""
        evidence = self._data.evidence
        ends = evidence.club_words | self._data.company_suffixes
        for form, name in pairs:
            head, _, tail = form.partition(" ")
            if tail and evidence.first_words.get(head) in _CALLED_WITHOUT and name.label in _CALLED_WITHOUT:
                yield tail, name.label
            last = tail.rpartition(" ")[2]
            is_noun = last in evidence.last_words and last not in evidence.surnames and last not in self._surnames
            if is_noun and name.label != "PERSON" and last not in self._data.forenames:
                yield last, evidence.last_words[last]
            if (
                tail in ends
                and name.label in ("ORG", "GPE")
                and head not in self._surnames
                and not self._known.get(head)
            ):
                yield head, "ORG"

    def labels(self) -> list[str]:
        """Return the type of each name."""
        votes: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
        for name, form in zip(self._names, self._forms, strict=True):
            votes[form][name.label] += 5 if name.after_honorific else 1
            for entity_type, weight in self._evidence(name, form):
                votes[form][entity_type] += weight
        for form, known in self._known.items():
            if known:
                votes[form][known] += _DECISIVE
        best = {form: max(count, key=count.__getitem__) for form, count in votes.items()}
        return [best[form] for form in self._forms]

    def _evidence(self, name: Name, form: str) -> Iterator[tuple[str, float]]:
        words = form.split()
        known = self._known[form]
        if form in self._surnames and not (name.label in _PLACES and known):
            yield "PERSON", 2
        if name.family is not None:
            yield "PERSON", _DECISIVE
        if known:
            return
        inside = self._by_words(name, words)
        if inside is None and name.label == "PERSON" and self._is_somebody(name, words):
            return
        inside = inside or self._fuller.get(form)
        if inside:
            yield inside, _DECISIVE
            return
        yield from self._thing(name, words)
        if name.label not in _NEVER_PEOPLE and self._looks_like_person(name, words):
            yield from self._person(name, words)
        if name.label != "GPE":
            yield from self._place(name, words)

    def _thing(self, name: Name, words: list[str]) -> Iterator[tuple[str, float]]:
        """Yield the types shown by adjacent nouns, and evidence that a PERSON of the model is a thing."""
        if name.after_honorific:
            return
        if not self._is_somebody(name, words):
            yield from ((kind, _DECISIVE) for kind in types_of_adjacent_nouns(self._tokens, name, self._data))
        if name.label == "PERSON" and self._is_the_one(name, " ".join(words)):
            yield "ORG", _SLIGHT
        if name.label == "PERSON" and _has_which_clause(self._tokens, name, self._data):
            yield "ORG", _HINT

    def _is_the_one(self, name: Name, form: str) -> bool:
        """Return whether "the" precedes a PERSON of the model and no family is meant ("the Britos")."""
        before = name.first - 1
        return (
            before >= 0
            and " " not in form
            and self._tokens.lower[before] in self._data.definite
            and self._tokens.dep[name.last] in _ARGUMENTS
            and self._surnames.isdisjoint((form, form.removesuffix("s"), form.removesuffix("es")))
        )

    def _by_words(self, name: Name, words: list[str]) -> str | None:
        """Return the type that a name's first or last word shows."""
        evidence = self._data.evidence
        if name.after_honorific:
            return None
        if len(words) < 2:
            return self._by_word(name, words[0])
        if words[0] in evidence.first_words:
            return evidence.first_words[words[0]]
        if words[0] in evidence.of_heads and words[1] in evidence.of_words:
            return evidence.of_heads[words[0]]
        return self._by_last_word(name, words) or ("ORG" if "&" in words else None)

    def _by_last_word(self, name: Name, words: list[str]) -> str | None:
        evidence, last = self._data.evidence, words[-1]
        may_be_club = last in evidence.club_words and name.label == "PERSON"
        is_firm = may_be_club or last in self._data.company_suffixes
        shown = "ORG" if may_be_club else evidence.last_words.get(last, "ORG" if is_firm else None)
        is_surname = shown == "ORG" and last in evidence.surnames
        is_person = (
            words[0] in self._data.forenames and last in evidence.surnames and (is_surname or name.label == "PERSON")
        )
        return None if is_person else shown

    def _by_word(self, name: Name, word: str) -> str | None:
        """Return the type that a single word shows: "the Gazette", "Rovers"."""
        evidence = self._data.evidence
        if word in evidence.club_words and (word.endswith("s") or name.label == "PERSON"):
            return "ORG"
        is_the = name.first > 0 and self._tokens.lower[name.first - 1] in self._data.definite
        return evidence.last_words.get(word) if is_the else None

    def _looks_like_person(self, name: Name, words: list[str]) -> bool:
        tokens, particles = self._tokens, self._data.name_particles
        inside = range(name.first, name.last + 1)
        return len(words) <= 3 and all(
            tokens.tag[i] != "POS"
            and (tokens.is_capital[i] or tokens.lower[i] in particles or not tokens.text[i].isalpha())
            for i in inside
        )

    def _person(self, name: Name, words: list[str]) -> Iterator[tuple[str, float]]:
        """Yield evidence that a name with another label is a person."""
        tokens, data = self._tokens, self._data
        yield from self._full_name(name, words) if len(words) > 1 else self._short_name(name, words[0])
        before = tokens.lower[name.first - 1] if name.first and tokens.tag[name.first - 1] != "JJ" else ""
        if before in data.roles:
            yield "PERSON", _DECISIVE if data.roles[before] else _HINT
        if has_who_clause(tokens, name) or has_age(tokens, name):
            yield "PERSON", _DECISIVE
        if not self._is_quoted(name) and (
            acts_like_person(tokens, name, data)
            or (self._is_bare_argument(name) and is_he(tokens, name, data, self._people))
        ):
            yield "PERSON", _HINT

    def _full_name(self, name: Name, words: list[str]) -> Iterator[tuple[str, float]]:
        """Yield evidence in the words of a name of several words: a forename, a known surname."""
        if words[-1] in self._borne or self._begins_with_forename(name, words):
            yield "PERSON", _DECISIVE
        if words[-1] in self._single_people:
            yield "PERSON", _HINT
        is_surname = len(words) == 2 and words[1] in self._data.evidence.surnames
        if name.label == "ORG" and is_surname and self._is_conjunct_of_person(name):
            yield "PERSON", _HINT

    def _short_name(self, name: Name, word: str) -> Iterator[tuple[str, float]]:
        """Yield evidence in a single word: the forename of somebody named in full, a surname."""
        if word in self._borne_forenames and self._is_bare_argument(name):
            yield "PERSON", _CLEAR
        if self._is_surname_alone(name, word) and self._is_bare_argument(name):
            yield "PERSON", _LEANING if name.label == "GPE" else _SLIGHT

    def _begins_with_forename(self, name: Name, words: list[str]) -> bool:
        """Return whether a name begins with a forename, without an acronym or a plural as firms have ("EVA Air")."""
        tokens, last = self._tokens, words[-1]
        if words[0] not in self._data.forenames:
            return False
        is_acronym = tokens.text[name.first].isupper() and not tokens.text[name.last].isupper()
        is_plural = tokens.tag[name.last] == "NNPS" and last not in self._data.evidence.surnames
        return not is_acronym and not is_plural

    def _is_surname_alone(self, name: Name, word: str) -> bool:
        """Return whether a word is a surname in the singular, and no part of a body's name ("House of Finch")."""
        tokens, before = self._tokens, name.first - 1
        is_of = before > 0 and tokens.lower[before] in self._data.evidence.of_words
        is_part = is_of and tokens.lemma[before - 1] in self._data.evidence.of_heads
        return word in self._data.evidence.surnames and not is_part and tokens.tag[name.last] != "NNPS"

    def _is_quoted(self, name: Name) -> bool:
        return name.label == "WORK_OF_ART" and name.first > 0 and self._tokens.text[name.first - 1] in _OPENING_MARKS

    def _is_conjunct_of_person(self, name: Name) -> bool:
        return self._tokens.dep[name.last] == "conj" and self._tokens.head[name.last] in self._ends_of_people

    def _is_bare_argument(self, name: Name) -> bool:
        """Return whether a name without an article is a subject, object or possessor, or coordinated with a person."""
        tokens = self._tokens
        before = tokens.lower[name.first - 1] if name.first else ""
        dep = tokens.dep[name.last]
        return (
            (dep in _ARGUMENTS or self._is_conjunct_of_person(name))
            and before not in self._data.articles
            and before not in self._data.evidence.place_prepositions
            and tokens.lower[tokens.left_edge(name.last)] not in self._data.definite
        )

    def _place(self, name: Name, words: list[str]) -> Iterator[tuple[str, float]]:
        """Yield evidence that a name with another label is a place."""
        tokens, data = self._tokens, self._data
        if _is_dateline(tokens, name) or _is_place_of_residence(tokens, name, data):
            yield "GPE", _DECISIVE
        before = name.first - 1
        if before < 0 or len(words) > 2 or self._is_somebody(name, words):
            return
        if _has_civic_noun(tokens, name, data):
            yield "GPE", _HINT
        is_modifier = name.last + 1 < len(tokens) and tokens.tag[name.last + 1] in ("NN", "NNS", "POS", "NNP")
        if not is_modifier and self._is_where(name, before):
            yield "GPE", _CLEAR if tokens.lower[before] in data.evidence.weak_prepositions else _DECISIVE

    def _is_somebody(self, name: Name, words: list[str]) -> bool:
        """Return whether a name begins with a forename or is a known surname; not after "the ship", as ships bear such
        names.
        """
        before = self._tokens.lower[name.first - 1] if name.first else ""
        if before in self._data.evidence.vessel_nouns:
            return False
        return words[0] in self._data.forenames or (len(words) == 1 and words[0] in self._surnames)

    def _is_where(self, name: Name, before: int) -> bool:
        """Return whether a preposition of place precedes a name; for an ORG, "at" and "shares in" are no evidence."""
        tokens, evidence = self._tokens, self._data.evidence
        if tokens.lower[before] not in evidence.place_prepositions:
            return False
        return name.label != "ORG" or (
            tokens.lower[before] not in evidence.firm_prepositions
            and tokens.lemma[tokens.head[before]] not in evidence.stake_nouns
        )


# Evidence from adjacent words: "the ferry X", "mayor of X", "X, a charity", "X, who sings".


def types_of_adjacent_nouns(tokens: Tokens, name: Name, data: NameData) -> Iterator[str]:
    """Yield the types shown by a noun before a name ("the ferry X", "mayor of X", "their village, X"), after it ("X
    island") or in apposition ("X, a charity").
    """
    if name.first > 0:
        yield from _kinds_of_noun_before(tokens, name, data)
    yield from _kind_of_next_noun(tokens, name, data)
    appositions = tokens.dependents(name.last, "appos") or _nouns_in_apposition(tokens, name, data)
    for noun in appositions:
        if tokens.tag[noun] == "NN":
            yield from ("PERSON",) if tokens.lower[noun] in data.roles else _kind(tokens.lower[noun], data)


def _kinds_of_noun_before(tokens: Tokens, name: Name, data: NameData) -> Iterator[str]:
    before, evidence = name.first - 1, data.evidence
    word = tokens.lower[before]
    if before > 0 and word in evidence.of_words:
        noun = tokens.lower[before - 1]
        place = evidence.place_nouns.get(noun) or evidence.place_nouns.get(noun.removesuffix("s"))
        if place := place or evidence.ruled_nouns.get(noun):
            yield place
    elif tokens.text[before].islower():  # not by its tag: before a name the model takes it for one too
        yield from _kind(word, data)
        if word in evidence.work_kinds and tokens.tag[before] == "NN" and tokens.dep[name.last] not in _SUBJECTS:
            yield "WORK_OF_ART"
    elif word == "," and tokens.dep[name.last] == "appos" and tokens.tag[before - 1] == "NN":
        yield from _kind(tokens.lower[before - 1], data)


def _kind_of_next_noun(tokens: Tokens, name: Name, data: NameData) -> Iterator[str]:
    """Yield the type that the noun after a name shows ("Orrin island", "Orrin CEO Ana Brito")."""
    after = name.last + 1
    if after == len(tokens) or tokens.dep[name.last] not in ("compound", "nmod") or tokens.head[name.last] < after:
        return
    if tokens.text[after].islower() and data.evidence.place_nouns.get(tokens.lower[after]) == "LOC":
        yield "LOC"
    if tokens.lower[after] in data.evidence.firm_roles:
        yield "ORG"


def _nouns_in_apposition(tokens: Tokens, name: Name, data: NameData) -> tuple[int, ...]:
    """Return the noun after a name, a comma and an article that the parser attached elsewhere ("X, a small town")."""
    index = name.last + 3
    if _after(tokens, name)[0] != "," or index >= len(tokens) or tokens.lower[index - 1] not in data.articles:
        return ()
    while index + 1 < len(tokens) and tokens.tag[index] in _PREMODIFIERS and tokens.tag[index + 1] in _PREMODIFIERS:
        index += 1
    return (index,)


def _kind(noun: str, data: NameData) -> tuple[str, ...]:
    evidence = data.evidence
    if noun in evidence.place_nouns:
        return (evidence.place_nouns[noun],)
    if noun in evidence.vessel_nouns:
        return ("PRODUCT",)
    return ("ORG",) if noun in evidence.firm_nouns else ()


def _has_civic_noun(tokens: Tokens, name: Name, data: NameData) -> bool:
    """Return whether a thing that places have follows a name ("Orrin council", "Orrin's streets")."""
    head = tokens.head[name.last]
    if head <= name.last:
        return False
    if tokens.dep[name.last] == "poss":
        return tokens.lower[head] in data.evidence.place_things
    return tokens.dep[name.last] in ("compound", "nmod") and tokens.lower[name.last + 1] in data.evidence.civic_nouns


def _is_dateline(tokens: Tokens, name: Name) -> bool:
    """Return whether a name in capitals begins its block, as in a dateline: "TOLMERE (AP) -"."""
    is_first = name.first == 0 or tokens.block[name.first - 1] != tokens.block[name.first]
    after = tokens.text[name.last + 1] if name.last + 1 < len(tokens) else ""
    is_all_caps = all(tokens.text[index].isupper() for index in range(name.first, name.last + 1))
    return is_first and is_all_caps and len(tokens.text[name.last]) > 2 and after in (",", "(", "-", "–", "—", "--")


def _is_place_of_residence(tokens: Tokens, name: Name, data: NameData) -> bool:
    """Return whether an age and "of" precede a name: "Mr Finch, 34, of Orrin"."""
    first = name.first
    if first < 4 or tokens.lower[first - 1] not in data.evidence.of_words:
        return False
    return tokens.text[first - 2] == "," and tokens.text[first - 3].isdigit() and tokens.text[first - 4] == ","


def acts_like_person(tokens: Tokens, name: Name, data: NameData) -> bool:
    """Return whether a name does what only people do, or has what only people have."""
    words = data.evidence
    head = tokens.head[name.last]
    if tokens.dep[name.last] in ("nsubj", "nsubjpass", "dobj"):
        is_object = tokens.dep[name.last] == "dobj"
        return tokens.lemma[head] in words.person_verbs and not (is_object and tokens.lemma[head] in words.work_verbs)
    if tokens.dep[name.last] == "compound":
        return tokens.lower[head] in words.person_nouns
    return tokens.dep[name.last] == "poss" and tokens.lower[head] in words.person_things


def is_he(tokens: Tokens, name: Name, data: NameData, people: Set[int]) -> bool:
    """Return whether "he" or "she" follows in the sentence, with no person named between or before.

    ``people`` are the first tokens of the persons' names.
    """
    return has_pronoun(tokens, name, data.evidence.personal_pronouns, people)


def has_pronoun(tokens: Tokens, name: Name, pronouns: Set[str], people: Set[int]) -> bool:
    """Return whether a pronoun follows soon in the sentence, with no person named between or before."""
    sentence = tokens.sentence[name.first]
    index = name.first - 1
    while index >= 0 and tokens.sentence[index] == sentence and name.first - index < _PRONOUN_REACH:
        if index in people:
            return False
        index -= 1
    for index in range(name.last + 1, min(name.last + _PRONOUN_REACH, len(tokens))):
        if tokens.sentence[index] != sentence or index in people:
            return False
        if tokens.lower[index] in pronouns and not _is_coargument(tokens, name, index):
            return True
    return False


def _is_coargument(tokens: Tokens, name: Name, pronoun: int) -> bool:
    """Return whether a pronoun is the object of the name's verb, so of somebody else ("Orrin calls her ...")."""
    return tokens.dep[pronoun] in _OBJECTS and tokens.head[pronoun] == tokens.head[name.last]


def has_age(tokens: Tokens, name: Name) -> bool:
    """Return whether an age between commas follows."""
    comma, age, end = _after(tokens, name)
    return comma == "," and age.isdigit() and len(age) <= 2 and end in (",", ".")


def has_who_clause(tokens: Tokens, name: Name) -> bool:
    """Return whether "who" with a singular verb follows; a team takes a plural ("who play")."""
    after = name.last + 1
    return _after(tokens, name)[0] == "," and tokens.tag[after + 1 : after + 3] == ["WP", "VBZ"]


def _has_which_clause(tokens: Tokens, name: Name, data: NameData) -> bool:
    """Return whether ", which" follows."""
    comma, word, _ = _after(tokens, name)
    return comma == "," and word in data.evidence.thing_relatives


def _after(tokens: Tokens, name: Name) -> tuple[str, str, str]:
    first, second, third = (*tokens.text[name.last + 1 : name.last + 4], "", "", "")[:3]
    return first, second, third
