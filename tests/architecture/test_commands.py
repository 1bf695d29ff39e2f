"""Every command of newslake is described, and every described one exists."""

import re
from collections.abc import Iterator

import pytest
import typer.main

from pipeline.cli import app
from tests.architecture.tree import PAPERS, text_of


def _commands(command, name: str = "newslake") -> Iterator[str]:
    """Yield the full name of each command that a person can call, groups opened."""
    if not hasattr(command, "commands"):
        yield name
        return
    for word, child in command.commands.items():
        if not child.hidden:
            yield from _commands(child, f"{name} {word}")


COMMANDS = tuple(_commands(typer.main.get_command(app)))


@pytest.mark.parametrize("command", COMMANDS)
def test_command_is_documented(command):
    """The table of commands in docs/operations.md has a row for the command."""
    assert f"| `{command}` |" in text_of("docs/operations.md")


def test_papers_name_only_commands_that_exist():
    """What a paper writes as a command is one that the program has."""
    known = {command.split()[1] for command in COMMANDS}
    named = {
        (path, word)
        for path in PAPERS
        for word in re.findall(r"(?:^|`|\$ )newslake ([a-z]+)\b", text_of(path), re.MULTILINE)
    }

    assert {(path, word) for path, word in named if word not in known} == set()
