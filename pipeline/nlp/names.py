"""Where the names are: the model's spans repaired, then every known name searched in the whole article."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipeline.nlp.languages.spec import NameData
from pipeline.nlp.tokens import Tokens

NAME_TYPES = frozenset(
    {"PERSON", "NORP", "FAC", "ORG", "GPE", "LOC", "PRODUCT", "EVENT", "WORK_OF_ART", "LAW", "LANGUAGE"}
)
_EDGE_MARKS = frozenset("“”\"‘’'`.,;:()[]-–—")
_LONGEST = 4


@dataclass(frozen=True, slots=True)
class Name:
    """A name by its first and last token, both inside, without title, article and possessive.

    ``title`` is the first token of the title that stands before it. ``honoured`` says that an honorific makes it a
    person's.
    """

    first: int
    last: int
    label: str
    title: int | None = None
    honoured: bool = False

    @property
    def length(self) -> int:
        return self.last - self.first + 1


def find_names(tokens: Tokens, data: NameData) -> tuple[Name, ...]:
    """Return the names of the article, in reading order, never overlapping."""
    found = _Spans(tokens)
    for name in _honoured(tokens, data):
        found.add(name)
    for name in _from_model(tokens, data):
        found.add(name)
    taken = frozenset(index for ent in tokens.doc.ents for index in range(ent.start, ent.end))
    for name in _searched(tokens, data, found.names()):
        found.put(_whole(tokens, data, name, taken))
    return tuple(_with_title(tokens, data, name) for name in found.names())


class _Spans:
    """Names that do not overlap, by token."""

    def __init__(self, tokens: Tokens) -> None:
        self._owner: dict[int, Name] = {}
        self._tokens = tokens

    def add(self, name: Name) -> None:
        """Add a name where all its tokens are free; a longer span of the model takes up the shorter before it."""
        rivals = self._rivals(name)
        if any(rival.first < name.first or rival.last > name.last for rival in rivals):
            return
        if any(rival.honoured for rival in rivals):
            name = Name(name.first, name.last, "PERSON", honoured=True)
        self._replace(rivals, name)

    def put(self, name: Name) -> None:
        """Add a name that is known from elsewhere: it wins over shorter spans inside it."""
        rivals = self._rivals(name)
        if all(
            name.first <= rival.first and rival.last <= name.last and rival.length < name.length for rival in rivals
        ):
            self._replace(rivals, name)

    def names(self) -> list[Name]:
        return sorted(set(self._owner.values()), key=lambda name: name.first)

    def _rivals(self, name: Name) -> set[Name]:
        return {self._owner[i] for i in range(name.first, name.last + 1) if i in self._owner}

    def _replace(self, rivals: Iterable[Name], name: Name) -> None:
        for rival in rivals:
            for index in range(rival.first, rival.last + 1):
                del self._owner[index]
        for index in range(name.first, name.last + 1):
            self._owner[index] = name


def _plain(word: str) -> str:
    return word.rstrip(".")


def _from_model(tokens: Tokens, data: NameData) -> Iterator[Name]:
    taken = frozenset(index for ent in tokens.doc.ents for index in range(ent.start, ent.end))
    for ent in tokens.doc.ents:
        if ent.label_ in NAME_TYPES:
            name = _trimmed(tokens, data, Name(ent.start, ent.end - 1, ent.label_))
            if name is not None:
                yield _whole(tokens, data, name, taken) if name.first == ent.start else name


def _trimmed(tokens: Tokens, data: NameData, name: Name) -> Name | None:
    """Return the name without what does not belong to it; None where nothing with a capital is left."""
    first, last = name.first, name.last
    while last >= first and _is_tail(tokens, data, last):
        last -= 1
    while first <= last and _is_lead(tokens, data, first, name.label, alone=first == last):
        first += 1
    label = name.label
    while last - first >= 2 and _leads_person(tokens, data, first, label):
        first, label = first + 1, "PERSON"
    for index in range(first + 1, last + 1):
        if tokens.text[index].isspace():
            last = index - 1
            break
    if first > last or not any(tokens.text[index][0].isupper() for index in range(first, last + 1)):
        return None
    if first == last and _plain(tokens.lower[first]) in data.never_names:
        return None
    honoured = first > name.first and _plain(tokens.lower[first - 1]) in data.honorifics
    return Name(first, last, "PERSON" if honoured else label, honoured=honoured)


def _leads_person(tokens: Tokens, data: NameData, index: int, label: str) -> bool:
    """Return whether a role begins the span of a person, or of what the model calls an organisation by mistake."""
    is_person = label == "PERSON" or (label == "ORG" and tokens.lower[index + 1] in data.forenames)
    return is_person and _is_role(tokens, data, index)


def _is_role(tokens: Tokens, data: NameData, index: int) -> bool:
    """Return whether a capitalised word before a full name says what the person is: a role, or an abbreviated rank."""
    word = tokens.lower[index]
    return _plain(word) in data.roles or (word in tokens.common_nouns and tokens.text[index + 1] != "-")


def _is_bare_role(tokens: Tokens, data: NameData, index: int) -> bool:
    """Return whether a capitalised common noun stands as a title before a full name; known roles are no titles."""
    word = tokens.lower[index]
    return word in tokens.common_nouns and word not in data.roles and tokens.tag[index] in ("NNP", "NN")


def _whole(tokens: Tokens, data: NameData, name: Name, taken: frozenset[int]) -> Name:
    """Return a person's name with the forename, or the first half of a double name, that the model left outside."""
    first = name.first
    while name.label == "PERSON" and first > 1 and name.last - first < _LONGEST:
        step = 2 if tokens.text[first - 1] == "-" and tokens.end[first - 1] == tokens.start[first] else 1
        index = first - step
        if index in taken or not _is_forename(tokens, data, index, name.last):
            break
        first = index
    return name if first == name.first else Name(first, name.last, name.label, honoured=name.honoured)


def _is_forename(tokens: Tokens, data: NameData, index: int, last: int) -> bool:
    word = _plain(tokens.lower[index])
    return (
        tokens.tag[index] == "NNP"
        and tokens.is_capital(index)
        and tokens.dep[index] == "compound"
        and index < tokens.head[index] <= last
        and tokens.block[index] == tokens.block[last]
        and not (word in data.honorifics or word in data.roles or word in data.title_modifiers)
        and word not in data.organisation_nouns
        and word not in data.never_names
        and word not in tokens.common_nouns
    )


def _is_tail(tokens: Tokens, data: NameData, index: int) -> bool:
    text = tokens.text[index]
    return (
        text in _EDGE_MARKS
        or text.isspace()
        or tokens.tag[index] == "POS"
        or (_plain(tokens.lower[index]) in data.post_nominals and text[0].isupper() and not text.islower())
    )


def _is_lead(tokens: Tokens, data: NameData, index: int, label: str, *, alone: bool) -> bool:
    text, word = tokens.text[index], _plain(tokens.lower[index])
    if text in _EDGE_MARKS or text.isspace() or tokens.tag[index] == "POS" or word in data.articles:
        return True
    if alone:
        return False
    titled = label == "PERSON" and (word in data.titles or word in data.title_modifiers)
    return word in data.honorifics or titled


def _honoured(tokens: Tokens, data: NameData) -> Iterator[Name]:
    """Yield the capitalised words after an honorific, and after a capitalised title that no name covers."""
    taken = {
        index for ent in tokens.doc.ents if ent.label_ in NAME_TYPES - {"PERSON"} for index in range(ent.start, ent.end)
    }
    for index, word in enumerate(tokens.lower[:-1]):
        plain = _plain(word)
        honorific = plain in data.honorifics
        if not honorific and (plain not in data.titles or index + 1 in taken or index in taken):
            continue
        if not tokens.is_capital(index) or (honorific and plain == word and len(word) < 2):
            continue
        last = _name_end(tokens, data, index + 1)
        if last is not None:
            yield Name(index + 1, last, "PERSON", honoured=honorific)


def _name_end(tokens: Tokens, data: NameData, first: int) -> int | None:
    """Return the last token of the capitalised run that begins at ``first``."""
    last: int | None = None
    for index in range(first, min(first + _LONGEST, len(tokens))):
        word = _plain(tokens.lower[index])
        stops = (
            word in data.titles
            or word in data.organisation_nouns
            or word in data.honorifics
            or word in data.post_nominals
            or tokens.block[index] != tokens.block[first]
        )
        if stops:
            break
        if tokens.is_capital(index) and tokens.tag[index] in ("NNP", "NNPS"):
            last = index
        elif word not in data.name_particles:
            break
    return last


def _searched(tokens: Tokens, data: NameData, known: list[Name]) -> Iterator[Name]:
    """Yield every other place where a known name, or the surname or forename of a known person, stands."""
    forms = _known_forms(tokens, data, known)
    texts = tokens.text
    index = 0
    while index < len(texts):
        options = forms.get(texts[index])
        match = _longest_match(tokens, data, index, options) if options else None
        if match is None:
            index += 1
        else:
            yield match
            index = match.last + 1


Form = tuple[tuple[str, ...], str]


def _known_forms(tokens: Tokens, data: NameData, known: list[Name]) -> dict[str, list[Form]]:
    votes: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for name in known:
        words = tuple(tokens.text[name.first : name.last + 1])
        votes[words][name.label] += 5 if name.honoured else 1
        if name.label == "PERSON" and len(words) > 1:
            votes[words[-1:]]["PERSON"] += 2
            if _plain(words[0].lower()) in data.forenames:
                votes[words[:1]]["PERSON"] += 1
    forms: defaultdict[str, list[Form]] = defaultdict(list)
    for words, labels in votes.items():
        if len(words) > 1 or (len(words[0]) > 1 and words[0][0].isupper() and words[0].lower() not in data.never_names):
            forms[words[0]].append((words, labels.most_common(1)[0][0]))
    for options in forms.values():
        options.sort(key=lambda form: -len(form[0]))
    return forms


def _longest_match(tokens: Tokens, data: NameData, index: int, options: list[Form]) -> Name | None:
    for words, label in options:
        last = index + len(words) - 1
        if tuple(tokens.text[index : last + 1]) == words and (last > index or _may_be_name(tokens, data, index)):
            return Name(index, last, label)
    return None


def _may_be_name(tokens: Tokens, data: NameData, index: int) -> bool:
    """Return whether a single word that is a known name is one here: a month beside a day or year is not."""
    if tokens.tag[index] not in ("NNP", "NNPS"):
        return False
    if tokens.lower[index] not in data.months_and_days:
        return True
    before = tokens.lower[index - 1] if index else ""
    after = tokens.lower[index + 1] if index + 1 < len(tokens) else ""
    return not (before in data.date_neighbours or before[:1].isdigit() or after[:1].isdigit())


def _with_title(tokens: Tokens, data: NameData, name: Name) -> Name:
    """Return the name with the first token of the capitalised title before it, persons only."""
    if name.label != "PERSON":
        return name
    first, has_title = name.first, False
    for index in range(name.first - 1, max(name.first - 6, -1), -1):
        word = _plain(tokens.lower[index])
        titled = word in data.honorifics or word in data.titles
        titled = titled or (index == name.first - 1 and name.length > 1 and _is_bare_role(tokens, data, index))
        if not (titled or word in data.title_modifiers) or not tokens.is_capital(index):
            break
        if tokens.block[index] != tokens.block[name.first]:
            break
        first, has_title = (index, True) if titled or has_title else (first, has_title)
    honoured = name.honoured or (has_title and _plain(tokens.lower[name.first - 1]) in data.honorifics)
    return Name(name.first, name.last, name.label, first if has_title else None, honoured)
