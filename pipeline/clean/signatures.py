"""Signatures: names at the end of a text, where some pages have them instead of a by-line.

A signature has a mark ("– Ann Bell", "By Ann Bell", "(Ann Bell)"), or is a paragraph after prose.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from newslake.pipeline.clean.authors import Authors
from newslake.pipeline.clean.blocks import TextPiece
from newslake.pipeline.clean.credits import any_word, is_person_name, is_uncased_script
from newslake.pipeline.clean.story_edges import IsLink

_BY = rf"(?:(?:{any_word('before_by')})\s+)?(?:{any_word('by')})"
# Only with a capital after it: "von der Bühne" and "by the way" are no signatures.
_MARKED = re.compile(rf"(?:[–—-]{{1,2}}\s*|(?i:{_BY})(?:\s*[:：]\s*|\s+))(?P<names>[^\W\d_a-z].*?)\.?")
_IN_BRACKETS = re.compile(r"\((?P<names>[^()]+)\)")
_AFTER = re.compile(r"\s*[(|•·–—].*$|\s*,.*$")  # "Author: Ann Bell (guest), of the harbour board"
_AND = re.compile(rf"\s*[,;/]\s*|\s+(?:{any_word('and', 'and_in_name')}|&)\s+", re.IGNORECASE)
_LINE_CHARS, _LINE_WORDS = 100, 14
_BARE_WORDS = range(2, 4)
_PROSE_CHARS = 120
_LAST_PIECES = 3  # a last note or two may follow the signature
_QUOTE_STARTS, _QUOTE_ENDS = tuple("\"“„«»‘「『'"), tuple("\"”“»«’」』'")
_SENTENCE_ENDS = tuple(".!?…\"'”’»")


def with_signature(authors: Authors, pieces: Sequence[TextPiece], *, is_link: IsLink = lambda text: False) -> Authors:
    """Return the authors; if they are no people, those who sign the text, with the method "byline".

    An agency or a desk in the by-line has signed: a name in its text is of somebody else.
    ``pieces`` are of the whole body, before boilerplate is left out. ``is_link`` says whether a text is the whole text
    of a link of the page: such a last line is a button.
    """
    has_signed = any(credit.kind != "outlet" for credit in authors.credits)
    if authors.names or has_signed or not pieces:
        return authors
    names = _marked_names(pieces) or _bare_names(pieces, is_link)
    return replace(authors, names=names, method="byline") if names else authors


def _marked_names(pieces: Sequence[TextPiece]) -> tuple[str, ...]:
    """Return the names of the last line with a mark, among the last pieces; () without one.

    A line after a quote names its speaker, and one of several items of a list is no signature.
    """
    last = range(len(pieces) - 1, max(-1, len(pieces) - 1 - _LAST_PIECES), -1)
    for place in last:
        piece, around = pieces[place], (*pieces[:place][-1:], *pieces[place + 1 : place + 2])
        if len(piece.text) > _LINE_CHARS or piece.word_count > _LINE_WORDS or piece.kind not in ("paragraph", "list"):
            continue
        if piece.kind == "list" and any(each.kind == "list" for each in around):
            continue
        if place and _is_quoted(pieces[place - 1]):
            continue
        signature = _MARKED.fullmatch(piece.text) or _IN_BRACKETS.fullmatch(piece.text)
        names = _names_of(_AFTER.sub("", signature["names"])) or _names_of(signature["names"]) if signature else ()
        if names:
            return names
    return ()


def _is_quoted(piece: TextPiece) -> bool:
    return piece.text.endswith(_QUOTE_ENDS) and piece.text.startswith(_QUOTE_STARTS)


def _bare_names(pieces: Sequence[TextPiece], is_link: IsLink) -> tuple[str, ...]:
    """Return the name that is the last paragraph, after the end of a sentence; () without one."""
    if len(pieces) < 2 or is_link(pieces[-1].text) or _is_quoted(pieces[-2]):
        return ()
    before, last = pieces[-2:]
    is_alone = last.kind == before.kind == "paragraph" and last.word_count in _BARE_WORDS
    is_capital = not any(word[0].islower() for word in last.text.split())
    is_prose = len(before.text) >= _PROSE_CHARS and before.text.endswith(_SENTENCE_ENDS)
    return _names_of(last.text) if is_alone and is_capital and is_prose else ()


def _names_of(text: str) -> tuple[str, ...]:
    names = [name.strip() for name in _AND.split(text)]
    is_cased = not is_uncased_script(text)
    return tuple(names) if is_cased and names and all(map(is_person_name, names)) else ()
