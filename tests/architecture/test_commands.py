"""Every command of newslake is documented, and every documented command exists."""

import re
import subprocess
import sys

import pytest
import typer.main

from newslake.pipeline.cli import app
from newslake.pipeline.cli.command_tree import walk_commands
from tests.architecture.tree import PAPERS, ROOT, text_of

COMMANDS = tuple(f"newslake {path}" for path, _ in walk_commands(typer.main.get_command(app)))


@pytest.mark.parametrize("command", COMMANDS)
def test_command_is_documented(command):
    """docs/reference.md has a row for the command."""
    assert f"|`{command}`|" in text_of("docs/reference.md")


def test_docs_name_only_commands_that_exist():
    """Every command in the docs exists."""
    known = {command.split()[1] for command in COMMANDS}
    named = {
        (path, word)
        for path in PAPERS
        if not path.startswith("examples/")  # it adds one
        for word in re.findall(r"(?:^|`|\$ )newslake ([a-z]+)\b", text_of(path), re.MULTILINE)
    }

    assert {(path, word) for path, word in named if word not in known} == set()


def test_command_line_loads_only_what_a_command_needs():
    """Importing the command line does not load libraries that only some commands need."""
    heavy = ("vl_convert", "duckdb", "jinja2", "pandas", "pyarrow", "requests", "spacy", "trafilatura")
    code = f"import sys, newslake.pipeline.cli; print(sorted(set({heavy!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
