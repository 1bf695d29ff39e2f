"""The project's prose avoids the words and clauses that stopped readers; `docs/glossary.md` has the terms to use.

Python: names, comments, docstrings and, outside of tests, all other strings. Markdown and the text of pages: everything
but code. Text in quotation marks is a quotation of an article and is not checked.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator

import pytest

from tests.architecture.tree import project_files, text_of

_NOUNS = (
    "row|line|cell|file|page|record|article|mention|source|day|host|table|quote|event|entity|question|run|step|url|"
    "document|sentence|task|key|name|revision|capture|entry|pair|group|cluster"
)
# Each pattern, with what to write in its place.
_TICS = {
    re.compile(pattern): better
    for pattern, better in {
        r"(?i)\btold\b": "say, report, message",
        r"(?i)\basked\b": "request, query, poll",
        r"(?i)\bstands\b": "is, remains",
        r"(?i)\bbeside\b": "next to, with, compared with",
        r"\b(?:[Ii]s|[Aa]re|[Ww]as|[Tt]here) none\b": "has no ..., does not exist",
        r"(?i)\bbehind\b(?! an? (?:reverse )?(?:proxy|paywall))": "after",
        r"(?i)\banew\b": "again",
        r"(?i)\bin words\b": "as text",
        r"(?i)\bthat which\b": "the ... that",
        rf"(?i)\b(?:a|an|one) (?:{_NOUNS}) an? (?:{_NOUNS})\b": "one ... per ...",
        r"(?i)\b(?:can|could|may|cannot) (?:not )?be had\b": "is available",
        r"(?i)\brests? on\b": "is based on",
        r"(?i)\bturns? (?:them|it) round\b": "swap",
        r"(?i)\bis no (?:day|date|url|number|file|folder|source|column|table|name|question|page|article)\b": "is not a",
        r"(?i)\bmanners\b": "polite",
        r"(?i)\bthe last word\b": "the latest status",
        r"(?i)\bstands? for (?:it|them)sel(?:f|ves)\b": "self-contained",
        r"(?i)\bso many\b": "the number of, at most",
        r"(?i)\bwhatever comes\b": "durable",
    }.items()
}
# Files that list the words themselves.
_EXEMPT = frozenset({"tests/architecture/test_english.py", "scripts/measure_shape.py"})
_QUOTED = re.compile(r"\"[^\"\n]{1,200}\"|“[^”\n]*”|„[^“”\n]*[“”]|«[^»\n]*»|‘[^’\n]*’")
_FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1", re.MULTILINE | re.DOTALL)
_INLINE_CODE = re.compile(r"`[^`\n]+`")
_MARKUP = re.compile(r"<[^>]*>|\{[{%#].*?[}%#]\}", re.DOTALL)
_CODE_OF = {".md": (_FENCE, _INLINE_CODE), ".html": (_MARKUP,), ".sql": ()}
_FILES = [
    path
    for path in project_files()
    if path.endswith((".py", *_CODE_OF)) and path not in _EXEMPT and not path.startswith("samples/newsroom/")
]


def _blank(match: re.Match[str]) -> str:
    """Return as many lines as the match, so that line numbers stay."""
    return "".join(char if char == "\n" else " " for char in match[0])


def _docstring_lines(text: str) -> set[int]:
    """Return the first line of each docstring, and of each other string that is a statement."""
    return {
        node.lineno
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }


def _pieces(path: str, text: str) -> Iterator[tuple[int, str]]:
    """Yield the prose of a file, each piece with its first line."""
    if not path.endswith(".py"):
        for pattern in _CODE_OF[path[path.rindex(".") :]]:
            text = pattern.sub(_blank, text)
        yield 1, text
        return
    docstrings, is_test = _docstring_lines(text), path.startswith("tests/")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        line = token.start[0]
        if token.type == tokenize.NAME:
            yield line, token.string.replace("_", " ")
        elif token.type == tokenize.COMMENT or (token.type == tokenize.STRING and line in docstrings):
            yield line, token.string.replace('"""', "   ")
        elif token.type in (tokenize.STRING, tokenize.FSTRING_MIDDLE) and not is_test:
            yield line, token.string.strip("\"'")


def tics_in(path: str) -> list[str]:
    """Return one message per tic of a file."""
    found = []
    for first, piece in _pieces(path, text_of(path)):
        prose = _INLINE_CODE.sub(_blank, _QUOTED.sub(_blank, piece))
        found += [
            f"{path}:{first + prose.count(chr(10), 0, match.start())}: {match[0]!r}: write {better}"
            for pattern, better in _TICS.items()
            for match in pattern.finditer(prose)
        ]
    return found


@pytest.mark.parametrize("top", sorted({path.split("/")[0] for path in _FILES}))
def test_prose_has_no_tics(top: str) -> None:
    """No name, comment, docstring, message or page has a word or clause of the list."""
    problems = [line for path in _FILES if path.split("/")[0] == top for line in tics_in(path)]
    assert problems == [], "\n".join(problems)


def test_tics_are_found_in_each_kind_of_text() -> None:
    """A tic in a name, a comment, a docstring and an f-string is found; quoted text and code is not."""
    module = '''"""One row a page."""
def was_told(): ...  # as it stands
say(f"it rests on {x}")  # "he told me", `asked`
'''
    lines = [line for line, piece in _pieces("pipeline/x.py", module) if any(each.search(piece) for each in _TICS)]
    assert lines == [1, 2, 2, 3, 3]


# Words that say how a value came, not what it is; as parts of names, in docstrings and comments of the product.
_FILLERS = re.compile(r"(?i)(?<![a-z])(?:found|given|made|kept|own)(?![a-z])")
_PRODUCT = ("pipeline/", "newslake/", "plugins/", "dags/")
_MOST_FILLERS = 693  # lower it when the count falls; it never rises


def test_values_are_named_for_what_they_are() -> None:
    """The five words found, given, made, kept and own do not come back: `match`, `page`, `options`, `rows` say more."""
    counts = {
        path: sum(len(_FILLERS.findall(piece)) for piece in _names_and_prose(path))
        for path in _FILES
        if path.endswith(".py") and path.startswith(_PRODUCT)
    }
    most = sorted(counts.items(), key=lambda pair: -pair[1])[:5]

    assert sum(counts.values()) <= _MOST_FILLERS, most


def _names_and_prose(path: str) -> Iterator[str]:
    """Yield the names, docstrings and comments of a module, but not its other strings."""
    text = text_of(path)
    docstrings = _docstring_lines(text)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NAME:
            yield token.string.replace("_", " ")
        elif token.type == tokenize.COMMENT or (token.type == tokenize.STRING and token.start[0] in docstrings):
            yield token.string
