"""What the text says a person is: titles, roles beside a name, and nouns that stand for the bearer of a role."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from pipeline.nlp.languages.spec import NameData
from pipeline.nlp.names import Name
from pipeline.nlp.tokens import Tokens

_NOUN_TAGS = frozenset({"NN", "NNS", "NNP", "NNPS", "JJ", "HYPH", "IN", "DT", "CD", "VBG", "VBN", "CC"})
_LONGEST = 10


def title_of(tokens: Tokens, name: Name) -> str | None:
    """Return the title that stands before a name, as written."""
    return None if name.title is None else tokens.span(name.title, name.first - 1)


def role_of(tokens: Tokens, name: Name, data: NameData) -> tuple[int, int] | None:
    """Return first and last token of the role that the text gives this mention of a person.

    It stands before the name ("its chief engineer Ana Brito"), in apposition after it, or is its title.
    """
    start = name.first if name.title is None else name.title
    before = _role_before(tokens, start, data)
    if before is not None:
        return before
    after = _role_after(tokens, name, data)
    if after is not None or name.title is None:
        return after
    is_role = any(tokens.lower[index] in data.roles for index in range(name.title, name.first))
    return (name.title, name.first - 1) if is_role else None


def _role_before(tokens: Tokens, start: int, data: NameData) -> tuple[int, int] | None:
    """Return the noun phrase with a role in it that ends right before a name, or before the comma before it."""
    last = start - 1
    if last > 0 and tokens.text[last] == ",":
        last -= 1
    first = role = None
    for index in range(last, max(last - _LONGEST, -1), -1):
        if tokens.tag[index] not in _NOUN_TAGS or tokens.sentence[index] != tokens.sentence[start]:
            break
        if tokens.tag[index] in ("DT", "CC") and tokens.tag[index - 1] != "IN":
            break
        first = index
        role = index if tokens.lower[index] in data.roles else role
    if first is None or role is None or tokens.tag[last] in ("IN", "CC", "DT"):
        return None
    while first < role and (tokens.tag[first] in ("IN", "DT", "CC", "HYPH") or _ends_phrase(tokens, first, role)):
        first += 1
    return first, last


def _ends_phrase(tokens: Tokens, first: int, role: int) -> bool:
    return any(tokens.tag[index] in ("IN", "DT", "CC") for index in range(first, role))


def _role_after(tokens: Tokens, name: Name, data: NameData) -> tuple[int, int] | None:
    if name.last + 2 >= len(tokens) or tokens.text[name.last + 1] != ",":
        return None
    first = name.last + 2
    while first < len(tokens) and (tokens.tag[first] in ("DT", "PRP$", "POS")):
        first += 1
    role = None
    last = first - 1
    for index in range(first, min(first + _LONGEST, len(tokens))):
        if tokens.tag[index] not in _NOUN_TAGS or tokens.sentence[index] != tokens.sentence[name.first]:
            break
        last = index
        if role is None and tokens.tag[index] != "IN" and tokens.lower[index] in data.roles:
            role = index
        if role is None and tokens.tag[index] == "IN":
            return None
    while last > first and tokens.tag[last] in ("IN", "DT", "CC", "HYPH"):
        last -= 1
    return (first, last) if role is not None else None


def role_key(tokens: Tokens, span: tuple[int, int], data: NameData) -> tuple[str, ...] | None:
    """Return what a later "the ..." would call the bearer: the role noun with the title words before it."""
    first, last = span
    for index in range(first, last + 1):
        if tokens.lower[index] in data.roles and (index == last or tokens.lower[index + 1] not in data.roles):
            begin = index
            while begin > first and tokens.lower[begin - 1] in data.title_modifiers:
                begin -= 1
            return tuple(tokens.lower[begin : index + 1])
    return None


def role_nouns(
    tokens: Tokens, bearers: Mapping[tuple[str, ...], int], data: NameData
) -> Iterator[tuple[int, int, int]]:
    """Yield (first token, last token, cluster) of each "the <role>" whose role the text gave to one bearer.

    ``bearers`` are the roles of one person, and the last words of one organisation's name ("the museum"). The first
    token is the role's, without the article.
    """
    heads: defaultdict[str, list[tuple[str, ...]]] = defaultdict(list)
    for key in bearers:
        heads[key[0]].append(key)
    for index in range(1, len(tokens)):
        for key in heads.get(tokens.lower[index], ()):
            last = index + len(key) - 1
            if tokens.lower[index - 1] in data.definite and tuple(tokens.lower[index : last + 1]) == key:
                after = last + 1 if last + 1 < len(tokens) else last
                if tokens.lower[after] != "of" and tokens.tag[after] not in ("NNP", "NN", "NNS"):
                    yield index, last, bearers[key]
