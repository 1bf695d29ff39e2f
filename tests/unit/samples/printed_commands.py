"""Commands as people read them: in the code blocks of the documentation, in its text, in messages and on pages."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import typer.main
from typer.core import TyperGroup

from newslake.pipeline.cli import app
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.query.saved_queries import question_named
from tests.architecture.tree import PAPERS, text_of

PAGES = tuple(path for path in PAPERS if not path.startswith(("docs/adr/", "CHANGELOG")))
PROGRAMS = (
    *(
        "newslake",
        "make",
        "cat",
        "mkdir",
        "export",
        "cp",
        "chmod",
        "curl",
        "docker",
        "kubectl",
        "helm",
        "trino",
        "aws",
        "bq",
    ),
    *("airflow", "duckdb", "python", "python3", "pip", "git", "cd", "set"),
    *("apt-get", "runuser", "weed", "printf", "echo", "psql"),
)
# A block of one of these languages holds commands; one without a language does if it begins with a program.
_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_SHELLS = ("sh", "bash", "console")
_PROMPT = "$ "
_COMMENT = re.compile(r"(?:^|\s+)# .*$")
_HEREDOC = re.compile(r"<<\s*'?(\w+)'?")
_IN_TEXT = re.compile(r"`newslake ([^`]+)`")
_OPTION = re.compile(r"^--?[a-zA-Z][\w-]*")


@dataclass(frozen=True)
class ShownCommand:
    """A command of a code block. ``shown`` is the output that the page prints below it.

    ``given`` is the text of its here-document; the other fields are files that the shell opens for it.
    """

    page: str
    text: str
    words: tuple[str, ...]
    given: str | None = None
    shown: str = ""
    read_from: str | None = None
    write_to: str | None = None
    append_to: str | None = None

    def __str__(self) -> str:
        return f"{self.page}: {self.text}"


def shown_commands(page: str) -> Iterator[ShownCommand]:
    """Yield every command in the code blocks of a page. Raises: ValueError for a program that PROGRAMS lacks."""
    for fence in _FENCE.finditer(text_of(page)):
        if fence["language"] in ("", *_SHELLS):
            yield from _block_commands(page, fence["text"], is_shell=fence["language"] != "")


def _block_commands(page: str, text: str, *, is_shell: bool) -> Iterator[ShownCommand]:
    lines = text.replace("\\\n", " ").split("\n")
    has_prompts = any(line.startswith(_PROMPT) for line in lines)
    if not (has_prompts or is_shell or lines[0].partition(" ")[0] in PROGRAMS):
        return
    while lines:
        line = lines.pop(0)
        if has_prompts and not line.startswith(_PROMPT):
            continue
        line = _COMMENT.sub("", line.removeprefix(_PROMPT)).strip()
        end = _HEREDOC.search(line)
        given = None if end is None else "".join(f"{each}\n" for each in _until(lines, end[1]))
        shown = "\n".join(_until(lines, _PROMPT, keeps=True)) if has_prompts else ""
        if line and not re.match(r"\w+=", line):
            yield from (parse_command(page, part, given=given, shown=shown) for part in re.split(r"\s+&&\s+", line))


def _until(lines: list[str], end: str, *, keeps: bool = False) -> Iterator[str]:
    """Yield lines, and take them away, to one that is ``end``, or begins with it and is kept."""
    while lines and not (lines[0].startswith(end) if keeps else lines[0] == end):
        yield lines.pop(0)
    if lines and not keeps:
        lines.pop(0)


def parse_command(page: str, line: str, *, given: str | None = None, shown: str = "") -> ShownCommand:
    """Return one command with its redirections; what it is piped into is left out.

    Raises: ValueError for a program that PROGRAMS lacks.
    """
    lexer = shlex.shlex(_HEREDOC.sub("", line), posix=True, punctuation_chars="|<>")
    lexer.whitespace_split, lexer.commenters = True, ""
    tokens = list(lexer)
    tokens = tokens[: tokens.index("|")] if "|" in tokens else tokens
    if tokens[0].removeprefix(".venv/bin/") not in PROGRAMS:
        raise ValueError(f"{page}: {line}: is {tokens[0]} a program? Add it to PROGRAMS, or name the block's language")
    files: dict[str, str] = {}
    for sign, name in (("<", "read_from"), (">", "write_to"), (">>", "append_to")):
        if sign in tokens:
            at = tokens.index(sign)
            files[name] = tokens[at + 1]
            del tokens[at : at + 2]
    words = (tokens[0].removeprefix(".venv/bin/"), *tokens[1:])
    return ShownCommand(page, line, words, given, shown, **files)


def commands_in_text(text: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of every `newslake ...` in backticks; those of an f-string with X for its values."""
    for found in _IN_TEXT.finditer(text):
        yield ("newslake", *re.sub(r"\{[^}]*\}", "X", found[1]).split())


def wrong_option(words: tuple[str, ...]) -> str | None:
    """Return what newslake would refuse in a command's name or options; None where it takes them all."""
    command = _newslake()
    rest = list(words[1:])
    while isinstance(command, TyperGroup) and rest and not rest[0].startswith("-"):
        command = command.get_command(None, rest[0])  # type: ignore[arg-type]  # the context is not read
        if command is None:
            return f"no command {rest[0]}"
        rest.pop(0)
    known = {option for each in command.params for option in (*each.opts, *each.secondary_opts)} | {"--help"}
    if words[1:2] == ("ask",):
        known |= _question_options(rest)
    if words[1:2] == ("airflow",):
        return None
    unknown = [found[0] for word in rest if (found := _OPTION.match(word)) and found[0] not in known]
    return f"no option {unknown[0]}" if unknown else None


@cache
def _newslake() -> Any:
    return typer.main.get_command(app)


def _question_options(words: list[str]) -> set[str]:
    slug = next((word for word in words if not word.startswith("-")), "")
    try:
        return {f"--{name.replace('_', '-')}" for name in question_named(slug).options}
    except ConfigError:  # a placeholder
        return set()
