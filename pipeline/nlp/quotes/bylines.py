"""Who is named beside a quote without a reporting word: before a colon, or behind a dash."""

from pipeline.nlp.languages.spec import CueData
from pipeline.nlp.tokens import Tokens

_PROPER = frozenset({"NNP", "NNPS"})
_NAME_WORDS = frozenset({"NNP", "NNPS", "NN", "DT", "JJ", "POS"})
_DASHES = frozenset("-–—―")
_NAME_BREAKS = _DASHES | frozenset(".,;!?")
_FARTHEST = 30


def name_before_colon(tokens: Tokens, colon: int, data: CueData) -> int | None:
    """Return who leads to a colon: "Ana Brito:", "Ana Brito, head of the union:", "Ana Brito's verdict:"."""
    if (described := _name_with_description(tokens, colon)) is not None:
        return described
    name = colon - 1
    if name >= 0 and tokens.tag[name] in _PROPER and _is_free(tokens, name, data):
        return name
    owners = tokens.dependents(name, "poss") if name >= 0 else []
    return owners[0] if owners and tokens.tag[owners[0]] in _PROPER else None


def _name_with_description(tokens: Tokens, colon: int) -> int | None:
    """Return the name that begins a sentence without a verb: "Ana Brito, head of the union:"."""
    start = colon
    while start > max(colon - _FARTHEST, 0) and tokens.block[start - 1] == tokens.block[colon]:
        if tokens.text[start - 1] in (".", "!", "?") or _is_verb(tokens, start - 1):
            break
        start -= 1
    if start and (_is_verb(tokens, start - 1) or colon - start >= _FARTHEST):
        return None
    start += tokens.tag[start] == "CD"  # the time of a live report: "13:22 Ana Brito, 34:"
    first = _name_end(tokens, start)
    return first if first is not None and first + 1 < colon and tokens.text[first + 1] == "," else None


def name_after_dash(tokens: Tokens, last: int) -> int | None:
    """Return the last token of the name that signs a quote: "— Ana Brito, head of the union", up to the line's end."""
    dash = last + 1
    while dash < len(tokens) and tokens.text[dash].isspace():
        dash += 1
    if dash >= len(tokens) or tokens.text[dash] not in _DASHES or tokens.block[dash] > tokens.block[last] + 1:
        return None
    end = dash + 1
    while end < min(dash + _FARTHEST, len(tokens)) and tokens.block[end] == tokens.block[dash]:
        if _is_verb(tokens, end):
            return None
        end += 1
    return None if end == dash + _FARTHEST else _name_end(tokens, dash + 1)


def _is_free(tokens: Tokens, name: int, data: CueData) -> bool:
    """Return whether a name before a colon is no addressee ("told X:") and no medium ("on X:")."""
    if tokens.dep[name] not in ("dobj", "pobj"):
        return True
    before = name
    while before > max(name - _FARTHEST, 0) and tokens.tag[before] in _NAME_WORDS:
        if tokens.block[before - 1] != tokens.block[name]:
            return True
        before -= 1
    return tokens.text[before] in _NAME_BREAKS or tokens.lower[before] in data.origin_prepositions


def _is_verb(tokens: Tokens, token: int) -> bool:
    return tokens.tag[token] in ("VBD", "VBZ", "VBP", "MD")


def _name_end(tokens: Tokens, first: int) -> int | None:
    """Return the last token of the name that begins here."""
    end = first
    while end < len(tokens) and tokens.tag[end] in _PROPER:
        end += 1
    return end - 1 if end > first else None
