"""Where a mention stands in its sentence."""

from pipeline.nlp.tokens import Tokens

SUBJECTS = frozenset({"nsubj", "nsubjpass", "csubj"})
_GRAMMATICAL_ROLES = {
    **dict.fromkeys(SUBJECTS, "subject"),
    **dict.fromkeys(("dobj", "dative", "iobj", "oprd"), "object"),
    **dict.fromkeys(("poss", "pobj", "attr"), None),
}
_FINITE = ("VBD", "VBZ", "VBP", "MD")
_DEEPEST = 15


def head_of(tokens: Tokens, first: int, last: int) -> int:
    """Return the token of a span whose head lies outside it."""
    for index in range(last, first - 1, -1):
        if not first <= tokens.head[index] <= last or tokens.head[index] == index:
            return index
    return last


def coordination_head(tokens: Tokens, index: int) -> int:
    """Return the token that a mention joined by "and", or in apposition, hangs on; itself otherwise."""
    for _ in range(3):
        if tokens.dep[index] not in ("conj", "appos", "compound", "nmod"):
            break
        index = tokens.head[index]
    return index


def grammatical_role(tokens: Tokens, index: int) -> str:
    """Return where a mention stands: subject, object, poss, pobj or other."""
    if _verb_after_apposition(tokens, index) is not None:
        return "subject"
    dep = tokens.dep[coordination_head(tokens, index)]
    return _GRAMMATICAL_ROLES.get(dep, "other") or dep


def governor_of(tokens: Tokens, index: int) -> int:
    """Return what governs a mention, through a preposition."""
    verb = _verb_after_apposition(tokens, index)
    governor = tokens.head[coordination_head(tokens, index)] if verb is None else verb
    return tokens.head[governor] if tokens.tag[governor] in ("IN", "TO") else governor


def _verb_after_apposition(tokens: Tokens, index: int) -> int | None:
    """Return the verb after "The mayor of Varnholt, Ana Brito, said": parsers hang the name on the town."""
    is_closed = tokens.dep[index] in ("appos", "conj") and index + 2 < len(tokens) and tokens.text[index + 1] == ","
    return index + 2 if is_closed and tokens.tag[index + 2] in _FINITE else None


def governors_of(tokens: Tokens, index: int) -> dict[int, int]:
    """Return the tokens that govern this one, with how far up each is."""
    found: dict[int, int] = {}
    while len(found) < _DEEPEST and tokens.head[index] != index:
        index = tokens.head[index]
        found[index] = len(found) + 1
    return found
