"""The boundaries of a name: split, trim and extend the model's spans."""

import re
from collections.abc import Iterable, Iterator, Sequence, Set

from newslake.pipeline.nlp.languages.spec import NameData
from newslake.pipeline.nlp.ner.spans import Name
from newslake.pipeline.nlp.tokens import Tokens

_EDGE_MARKS = frozenset("“”\"‘’'`.,;:()[]/-–—")
_NO_NAMES = frozenset({"IN", "CC", "WRB", "WP", "PRP", "PRP$", "MD"})
_SEPARATORS = frozenset({"/", ":", "--", "—"})
_PERSON_SEPARATORS = frozenset({",", "+", "•", "|", ";"})
_BREAKS = frozenset("[{<!?•|+=#*")
_SMALL_WORDS = frozenset({"NN", "NNS", "IN", "RB", "VB", "VBD", "VBZ", "VBP", "VBN", "FW"})
_SPLIT_TYPES = frozenset({"PERSON", "ORG", "GPE"})
_NOUNS = frozenset({"NN", "NNS", "NNP", "NNPS", "CD"})
_TAGS_OF_NUMERALS = frozenset({"NNP", "NNPS", "CD", "NN"})
NUMERALS = frozenset(
    {"I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV", "XV", "XVI", "XVII"}
    | {"XVIII", "XIX", "XX", "XXI", "XXII", "XXIII"}
)
_FINITE_VERBS = frozenset({"VBZ", "VBD", "VBP", "MD"})
_CLAUSES = frozenset({"ROOT", "aux", "ccomp", "conj", "relcl", "advcl"})  # the name is no part of the verb
IRISH = re.compile(r"[A-Z]['’][A-Z]")  # "O’Connor", which the tagger takes for an adverb
LONGEST = 4


def repair_spans(tokens: Tokens, data: NameData, spans: Sequence[Name], taken: Set[int]) -> Iterator[Name]:
    """Yield the names in the model's spans, split, trimmed and extended. ``taken`` are the tokens of all its spans."""
    people = frozenset(tokens.text[span.last] for span in spans if span.label == "PERSON")
    for span in spans:
        for piece in _split_span(tokens, span, people, data):
            name = _trim_span(tokens, data, piece)
            if name is not None:
                yield _extend_span(tokens, data, name, taken) if name.first == span.first else name


def _split_span(tokens: Tokens, name: Name, people: frozenset[str], data: NameData) -> Iterator[Name]:
    """Yield the names in one of the model's spans.

    A slash or a colon separates two names ("Ana Brito/Reuters"), "of" a person and an affiliation, "and" or a comma two
    people; nothing separates two full names of a list without marks ("Ana Brito Tom Finch").
    """
    if name.length < 3:
        yield name
        return
    first, label = name.first, name.label
    for index in range(name.first, name.last + 1):
        is_of = label == "PERSON" and tokens.lower[index] in data.evidence.of_words and index > first + 1
        if is_of or (tokens.text[index] in _SEPARATORS and first < index and label in _SPLIT_TYPES):
            yield Name(first, index - 1, label)
            first, label = index + 1, "GPE" if is_of and index + 1 == name.last else "ORG"
        elif label == "PERSON" and _parts_people(tokens, data, name, index) and first < index:
            yield Name(first, index - 1, label)
            first = index + (tokens.text[index] in _PERSON_SEPARATORS)
    if first > name.last:
        return
    name = Name(first, name.last, label)
    parts = _split_couple(tokens, name, people, data) or _split_possessive(tokens, name, people)
    yield from parts or (name,)


def _parts_people(tokens: Tokens, data: NameData, name: Name, index: int) -> bool:
    """Return whether a person's name ends before this token, and another begins at or after it."""
    if tokens.text[index] in _PERSON_SEPARATORS:
        return index == name.last or tokens.bare[index + 1] not in data.post_nominals
    words = tokens.lower
    return (
        index - name.first > 1
        and name.last > index
        and words[index] in data.forenames
        and words[name.first] in data.forenames
        and words[index - 1] not in data.forenames
        and words[index - 1] in data.evidence.surnames
        and words[name.last] not in data.forenames
    )


def _split_couple(tokens: Tokens, name: Name, people: frozenset[str], data: NameData) -> tuple[Name, ...]:
    """Return the two people that the model labelled as one name ("Barnes and Tilling"); otherwise nothing."""
    joins = [i for i in range(name.first, name.last) if tokens.lower[i] in data.evidence.joining_words]
    if len(joins) != 1 or tokens.lower[name.last] in data.evidence.last_words:
        return ()
    left, right = Name(name.first, joins[0] - 1, "PERSON"), Name(joins[0] + 1, name.last, "PERSON")
    is_known = tokens.text[left.last] in people or tokens.text[right.last] in people
    is_known = is_known or {tokens.lower[left.last], tokens.lower[right.last]} <= data.evidence.surnames
    if left.length < 1 or not (name.label == "PERSON" or (name.label == "ORG" and is_known)):
        return ()
    return left, right


def _split_possessive(tokens: Tokens, name: Name, people: frozenset[str]) -> tuple[Name, ...]:
    """Return the person in "Orrin's Ana Brito" and "Ana Brito's Presidential" with another label; otherwise nothing."""
    marks = [index for index in range(name.first + 1, name.last) if tokens.tag[index] == "POS"]
    if len(marks) != 1 or name.label == "PERSON":
        return ()
    [mark] = marks
    if name.last - mark == 2 and tokens.text[name.last] in people:
        return Name(name.first, mark - 1, name.label), Name(mark + 1, name.last, "PERSON")
    is_owner = mark - name.first == 2 and tokens.text[mark - 1] in people
    return (Name(name.first, mark - 1, "PERSON"),) if is_owner and tokens.tag[name.last] == "JJ" else ()


def _trim_span(tokens: Tokens, data: NameData, name: Name) -> Name | None:
    """Return the name without tokens that do not belong to it; None if nothing capitalised is left."""
    if (
        name.length > 2
        and tokens.text[name.first] in data.evidence.party_letters
        and tokens.text[name.first + 1] == "-"
    ):
        name = Name(name.first + 2, name.last, "GPE")
    first, last, label = *_strip_edges(tokens, data, name), name.label
    while last - first >= 2 and _leads_person(tokens, data, (first, last), label):
        first, label = first + 1, "PERSON"
    if not any(tokens.text[index][0].isupper() for index in range(first, last + 1)):
        return None
    if first == last and (is_non_name(tokens, data, first) or _is_first_word(tokens, first)):
        return None
    after_honorific = first > name.first and tokens.bare[first - 1] in data.honorifics
    if first > 1 and tokens.text[first - 1] == "-" and tokens.text[first - 2] in data.evidence.party_letters:
        label = "GPE"  # "D-Ariz."
    label = "PERSON" if after_honorific else label
    if first == last and label == "PERSON" and len(tokens.bare[first]) < 2:
        return None  # "Gen Z"
    return Name(first, last, label, after_honorific=after_honorific)


def _strip_edges(tokens: Tokens, data: NameData, name: Name) -> tuple[int, int]:
    """Return the first and last token without marks, articles and titles at the edges, within one block."""
    first, last = name.first, name.last
    for index in range(first + 1, last + 1):
        if _breaks_off(tokens, data, index, last) or (name.label == "PERSON" and _ends_person(tokens, data, index)):
            last = index - 1
            break
    while last >= first and _is_tail(tokens, data, last, is_person=name.label == "PERSON"):
        last -= 1
    while first <= last and _is_lead(tokens, data, first, name.label, alone=first == last):
        first += 1
    return first, last


def _breaks_off(tokens: Tokens, data: NameData, index: int, last: int) -> bool:
    """Return whether a name ends before this token: before another block, a handle or a quantity."""
    text = tokens.text[index]
    if text[0] in "@(":
        return True
    if tokens.tag[index] == "CD":
        is_score = tokens.lower[index - 1] in data.evidence.club_words
        return text.islower() or is_score or (index < last and tokens.text[index + 1].islower())
    return text.isspace() and index < last and tokens.block[index + 1] != tokens.block[index - 1]


def _ends_person(tokens: Tokens, data: NameData, index: int) -> bool:
    """Return whether a person's name ends before this token: a number, a mark, a possessive or a small word."""
    text, word = tokens.text[index], tokens.lower[index]
    if tokens.tag[index] in _FINITE_VERBS and tokens.dep[index] in _CLAUSES:
        return True
    if tokens.tag[index] == "POS" or text[0] in _BREAKS or any(character.isdigit() for character in text):
        return True
    is_part = word in data.name_particles or word in data.evidence.of_words  # "Eleanor of Orrin"
    return text.islower() and text.isalpha() and not is_part and tokens.tag[index] in _SMALL_WORDS


def is_non_name(tokens: Tokens, data: NameData, index: int) -> bool:
    """Return whether a single word is not a name here: a form of address, a tag, "the Emperors", "the MEC"."""
    word, before = tokens.bare[index], index - 1
    if word in data.never_names or tokens.text[index][0] in "@#" or _is_part_of_title(tokens, data, index):
        return True
    is_called = index > 0 and tokens.bare[before] in data.honorifics  # "Mrs Pastor"
    if word in data.title_nouns and not is_called:
        return True
    if index == 0:
        return False
    if tokens.text[before] in ("@", "#") and tokens.end[before] == tokens.start[index]:
        return True
    is_role = word in data.roles or word.removesuffix("s") in data.roles
    if is_role and tokens.lower[before] in data.definite:
        return True
    is_of_title = (
        before > 0 and tokens.lower[before] in data.evidence.of_words and tokens.lower[before - 1] in data.titles
    )
    return is_of_title and word in data.title_modifiers


def _is_part_of_title(tokens: Tokens, data: NameData, index: int) -> bool:
    """Return whether a title or a name follows a word that may begin a title ("Prime" before "Minister", "Datuk")."""
    word, after = tokens.bare[index], index + 1
    if after == len(tokens):
        return False
    begins = word in data.title_modifiers and tokens.lower[after] in data.titles
    return begins or (word in data.honorifics and tokens.tag[after] in ("NNP", "NNPS"))


def _is_first_word(tokens: Tokens, index: int) -> bool:
    """Return whether a word is capitalised only because it begins the sentence."""
    is_first = index == 0 or tokens.sentence[index - 1] != tokens.sentence[index]
    return is_first and tokens.tag[index] in ("NN", "NNS")


def _is_plural_role(data: NameData, word: str) -> bool:
    return word.endswith("s") and word.removesuffix("s") in data.roles


def _is_tail(tokens: Tokens, data: NameData, index: int, *, is_person: bool) -> bool:
    text = tokens.text[index]
    return (
        text in _EDGE_MARKS
        or text.isspace()
        or tokens.tag[index] == "POS"
        or (text.islower() and tokens.tag[index] not in _NOUNS)
        or (is_person and tokens.tag[index] != "NNP" and _is_plural_role(data, tokens.lower[index]))
        or (tokens.bare[index] in data.post_nominals and text[0].isupper())
    )


def _is_lead(tokens: Tokens, data: NameData, index: int, label: str, *, alone: bool) -> bool:
    text, word = tokens.text[index], tokens.bare[index]
    if text in _EDGE_MARKS or text.isspace() or tokens.tag[index] == "POS" or word in data.articles:
        return True
    if alone:
        return False
    if (text.islower() and word not in data.name_particles) or tokens.tag[index] in _NO_NAMES:
        return True
    if word in data.honorifics:
        return True
    if is_forename_after_title(tokens, data, index):
        return False
    return label == "PERSON" and (
        word in data.titles or word in data.title_modifiers or _is_before_person(tokens, index)
    )


def is_forename_after_title(tokens: Tokens, data: NameData, index: int) -> bool:
    """Return whether a word that may be a title is a forename after another title ("Representative Dean Finch")."""
    if index == 0 or tokens.lower[index] not in data.forenames:
        return False
    before = tokens.bare[index - 1]
    return before in data.titles or before in data.honorifics


def _is_before_person(tokens: Tokens, index: int) -> bool:
    """Return whether the first word of a person's span is not part of the name: "Visiting Ana Brito", "CNN)Mayor"."""
    is_first = index == 0 or tokens.sentence[index - 1] != tokens.sentence[index]
    return (is_first and tokens.tag[index] in ("VBG", "VB", "VBZ", "VBD")) or ")" in tokens.text[index]


def _leads_person(tokens: Tokens, data: NameData, span: tuple[int, int], label: str) -> bool:
    """Return whether a role begins a person's span, or a span that the model labels ORG by mistake."""
    first, last = span
    if label == "PERSON":
        return _is_role(tokens, data, first)
    words = frozenset(tokens.bare[first + 1 : last + 1])
    is_named = words.isdisjoint(data.organisation_nouns) and words.isdisjoint(data.evidence.last_words)
    is_ranked = tokens.lower[first] in data.evidence.ranks and is_named and last - first == 2
    return label == "ORG" and (
        is_ranked or (tokens.lower[first + 1] in data.forenames and _is_role(tokens, data, first))
    )


def _is_role(tokens: Tokens, data: NameData, index: int) -> bool:
    """Return whether a capitalised word before a full name is a role or an abbreviated rank."""
    word, role = tokens.lower[index], tokens.bare[index]
    return (
        _names_role(data, role)
        or (word in tokens.common_nouns and tokens.text[index + 1] != "-")
        or (tokens.tag[index] == "NN" and word not in data.forenames and tokens.lower[index + 1] in data.forenames)
    )


def _names_role(data: NameData, word: str) -> bool:
    return word in data.roles or word in data.occupations or word.removesuffix("s") in data.roles


def extend_spans(
    tokens: Tokens, data: NameData, names: Iterable[Name], taken: Set[int], all_caps: Set[int]
) -> list[Name]:
    """Return the names, each with the parts that the model missed; ``all_caps`` are sentences where none is added."""
    return [
        name if tokens.sentence[name.first] in all_caps else _extend_span(tokens, data, name, taken) for name in names
    ]


def _extend_span(tokens: Tokens, data: NameData, name: Name, taken: Set[int]) -> Name:
    """Return the name with the parts that the model missed: a forename, the first words of an organisation's name, the
    first half of a double name, the numeral of a king, "United" of a team.
    """
    first, last, label = name.first, name.last, name.label
    is_named_by_noun = tokens.lower[last] in data.evidence.last_words and label != "PERSON" and first == last
    while (label == "PERSON" or is_named_by_noun) and first > 1 and last - first < LONGEST:
        step = 2 if tokens.text[first - 1] == "-" and tokens.end[first - 1] == tokens.start[first] else 1
        index = first - step
        if index in taken or not _is_forepart(tokens, data, index, last, label):
            break
        first = index
    if label == "PERSON":
        last = _with_numeral(tokens, _with_irish_surname(tokens, data, first, last, taken))
    elif _is_club_word(tokens, data, last + 1) and last + 1 not in taken and label in ("ORG", "GPE"):
        last, label = last + 1, "ORG"
    return (
        name
        if (first, last) == (name.first, name.last)
        else Name(first, last, label, after_honorific=name.after_honorific)
    )


def _with_irish_surname(tokens: Tokens, data: NameData, first: int, last: int, taken: Set[int]) -> int:
    after = last + 1
    is_forename = first == last and tokens.lower[last] in data.forenames and after < len(tokens) and after not in taken
    return after if is_forename and IRISH.match(tokens.text[after]) else last


def _with_numeral(tokens: Tokens, last: int) -> int:
    after = last + 1
    if after + 1 >= len(tokens) or tokens.text[after] not in NUMERALS:
        return last
    is_numeral = tokens.tag[after] in _TAGS_OF_NUMERALS or not tokens.text[after + 1][0].isalnum()
    return after if is_numeral else last


def _is_club_word(tokens: Tokens, data: NameData, index: int) -> bool:
    return (
        index < len(tokens)
        and tokens.lower[index] in data.evidence.club_words
        and tokens.tag[index] in ("NNP", "NNPS")
        and tokens.is_capital[index]
        and tokens.block[index] == tokens.block[index - 1]
    )


def _is_forepart(tokens: Tokens, data: NameData, index: int, last: int, label: str) -> bool:
    word = tokens.bare[index]
    is_compound = (
        tokens.tag[index] == "NNP"
        and tokens.is_capital[index]
        and tokens.dep[index] == "compound"
        and index < tokens.head[index] <= last
        and tokens.block[index] == tokens.block[last]
    )
    if not is_compound or word in data.never_names or word in tokens.common_nouns:
        return False
    is_title = word in data.honorifics or word in data.title_modifiers
    is_title = is_title or _names_role(data, word)
    return label != "PERSON" or not (is_title or word in data.organisation_nouns)


def with_titles(tokens: Tokens, data: NameData, names: Iterable[Name]) -> tuple[Name, ...]:
    """Return the names; a person's has the first token of the capitalised title before it."""
    return tuple(_with_title(tokens, data, name) for name in names)


def _with_title(tokens: Tokens, data: NameData, name: Name) -> Name:
    if name.label != "PERSON":
        return name
    first, has_title = name.first, False
    for index in range(name.first - 1, max(name.first - 6, -1), -1):
        word = tokens.bare[index]
        if not word and index > 0 and tokens.lower[index - 1] in data.honorifics:  # "Lt. Gen. Brito"
            continue
        titled = word in data.honorifics or word in data.titles
        titled = titled or (index == name.first - 1 and name.length > 1 and _is_bare_role(tokens, data, index))
        if not (titled or word in data.title_modifiers) or not tokens.is_capital[index]:
            break
        if tokens.block[index] != tokens.block[name.first]:
            break
        first, has_title = (index, True) if titled or has_title else (first, has_title)
    after_honorific = name.after_honorific or (has_title and tokens.bare[name.first - 1] in data.honorifics)
    if not has_title:
        return name
    first = _with_spouse(tokens, data, first) if after_honorific else first
    return Name(name.first, name.last, name.label, first, after_honorific, name.family)


def _with_spouse(tokens: Tokens, data: NameData, first: int) -> int:
    """Return the first token of "Mr and Mrs" if ``first`` is the second honorific."""
    if first < 2 or tokens.lower[first - 1] not in data.evidence.joining_words:
        return first
    return first - 2 if tokens.bare[first - 2] in data.honorifics and tokens.is_capital[first - 2] else first


def _is_bare_role(tokens: Tokens, data: NameData, index: int) -> bool:
    """Return whether a capitalised common noun is the title of the full name after it; listed roles are not titles.

    In "Secretary of State Ana Brito", "State" belongs to the role.
    """
    word = tokens.lower[index]
    is_noun = word in tokens.common_nouns and tokens.tag[index] in ("NNP", "NN")
    return is_noun and word not in data.roles and tokens.lower[index - 1] not in data.evidence.of_words
