"""The papers say what is there: generated pages, settings, links, targets, decisions, names of the code."""

import pkgutil
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import get_args

import pytest

from pipeline.model.source import SourceKind
from pipeline.query import connect, list_questions, query
from pipeline.settings import Settings
from pipeline.tables.docs import tables_markdown
from tests.architecture.tree import CODE, PAPERS, ROOT, modules, project_files, text_of

HOW_TOS = tuple(path for path in PAPERS if path.startswith("docs/how-to/"))
# Everything that is written about the code: the papers, and the files whose commands and remarks name it.
NAMING_CODE = (
    *PAPERS,
    *("samples/README.md", "sources.toml", "pyproject.toml", "Makefile", "Dockerfile", "docker-compose.yaml"),
    *(".ci/run", ".env.example"),
)
# The papers for developers, which name classes, functions and constants.
FOR_DEVELOPERS = ("CONTRIBUTING.md", "docs/architecture.md", "docs/glossary.md")
_TOPS = "|".join((*CODE, "scripts"))
_CODE_PATH = re.compile(rf"(?<![\w./-])(?:{_TOPS})/[\w./*<>{{}}-]*")
_DOTTED_NAME = re.compile(r"(?<![\w./-])(?:pipeline|news_airflow|samples|scripts|tests)(?:\.[A-Za-z_]\w*)+")
_PLACEHOLDER = re.compile(r"[*<>{}]|\byour-")


def test_tables_page_is_current():
    """docs/tables.md is what the contract says."""
    assert text_of("docs/tables.md") == tables_markdown(), "docs/tables.md is out of date: run `make docs`"


def _shown(default: object) -> str:
    if default is None:
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def test_operations_page_lists_the_settings():
    """The settings table has each setting with its default and its sentence, in the order of Settings."""
    expected = [
        f"| `NEWS_{name.upper()}` | {_shown(field.default)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]

    found = [line for line in text_of("docs/operations.md").splitlines() if line.startswith("| `NEWS_")]
    assert found == expected, "the table in docs/operations.md should be:\n" + "\n".join(expected)


@pytest.mark.parametrize("kind", get_args(SourceKind))
def test_kind_of_source_is_described(kind):
    """Each kind of source is in the remarks of sources.toml and under "Sources" in docs/operations.md."""
    assert f'#   kind = "{kind}"' in text_of("sources.toml"), "say above the first source what it is"
    assert f"`{kind}`" in text_of("docs/operations.md"), "name it under Sources"


def test_papers_name_only_settings_that_exist():
    """Every NEWS_ name in a paper is a setting."""
    known = {name.upper() for name in Settings.model_fields}
    named = {(path, name) for path in PAPERS for name in re.findall(r"\bNEWS_([A-Z_]+)\b", text_of(path))}

    assert {(path, name) for path, name in named if name not in known} == set()


def test_papers_name_only_make_targets_that_exist():
    """Every `make` target in a paper is in the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    named = {(path, name) for path in PAPERS for name in re.findall(r"`make ([a-z]+)`", text_of(path))}

    assert {(path, name) for path, name in named if name not in targets} == set()


def test_sql_in_the_papers_runs(tmp_path):
    """Every SELECT that a paper shows is understood, on a lake without articles."""
    connection = connect(tmp_path)
    shown = [
        sql
        for path in ("README.md", "docs/tables.md", "docs/operations.md", *HOW_TOS)
        for block in re.findall(r"```sql\n(.*?)```|newslake sql \"([^.\"]+)\"", text_of(path), re.DOTALL)
        for sql in block
        if sql.startswith("SELECT")
    ]

    assert len([query(connection, sql) for sql in shown]) >= 3


def test_questions_in_the_papers_exist():
    """Every `newslake ask QUESTION` of a paper is a saved question."""
    named = {(path, slug) for path in PAPERS for slug in re.findall(r"newslake ask ([a-z-]+)", text_of(path))}
    known = {question.slug for question in list_questions()}

    assert {(path, slug) for path, slug in named if slug not in known} == set()


@pytest.mark.parametrize("path", [path for path in HOW_TOS if "`make answers`" in text_of(path)])
def test_how_to_shows_answers(path):
    """Below every block of SQL and every question stands what it answers; `make answers` writes them."""
    blocks = re.findall(r"```(?:sql|sh)\n.*?```\n\n(\| )?", text_of(path), re.DOTALL)

    assert len(blocks) >= 5
    assert all(blocks)


def test_links_lead_somewhere():
    """Every relative link of a paper names a file or folder of the project."""
    broken = {
        (path, target)
        for path in PAPERS
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text_of(path))
        if not target.startswith(("http://", "https://", "mailto:"))
        and not (ROOT / PurePosixPath(path).parent / target).exists()
    }

    assert broken == set()


def test_decision_records_are_numbered_and_titled():
    """Each decision record is NNNN-words.md, opens with its number and title, and says its status."""
    for path in (path for path in PAPERS if path.startswith("docs/adr/")):
        number = re.fullmatch(r"docs/adr/(\d{4})-[a-z0-9-]+\.md", path)
        assert number, path
        assert re.match(rf"# {int(number[1])}\. \S.*\n", text_of(path)), (
            f"{path}: open with '# {int(number[1])}. Title'"
        )
        assert re.search(r"^Status: (accepted|replaced by \d+)", text_of(path), re.MULTILINE), f"{path}: say its status"


def _named(pattern: re.Pattern[str], paths: tuple[str, ...] = NAMING_CODE) -> Iterator[tuple[str, str]]:
    """Yield each paper with every text in it that a pattern finds."""
    return ((path, match[0].strip("`").rstrip(".")) for path in paths for match in pattern.finditer(text_of(path)))


def test_papers_name_only_paths_that_exist():
    """Every path of code in a paper is a file or a folder; one with a glob or a placeholder is not looked at."""
    broken = [
        (paper, path)
        for paper, path in _named(_CODE_PATH)
        if not _PLACEHOLDER.search(path) and not (ROOT / path).exists()
    ]

    assert broken == []


def test_papers_name_only_files_that_exist():
    """A module that a paper names by the end of its path is there: `spec.py`, `languages/spec.py`."""
    ends = {path[at:] for path in project_files() for at in (0, *(m.end() for m in re.finditer("/", path)))}

    assert [(paper, name) for paper, name in _named(re.compile(r"`[\w/]+\.py`")) if name not in ends] == []


def _resolves(name: str) -> bool:
    """Return whether a dotted name is a package, a module, or something that a module has."""
    place = ROOT / "/".join(name.replace("news_airflow", "plugins.news_airflow", 1).split("."))
    if place.is_dir() or place.with_suffix(".py").is_file():
        return True
    try:
        pkgutil.resolve_name(name)
    except (ImportError, AttributeError):
        return False
    return True


def test_papers_name_only_modules_that_exist():
    """Every dotted name in a paper, `pipeline.settings` or `pipeline.sources.discover`, leads to what it names."""
    assert [(paper, name) for paper, name in _named(_DOTTED_NAME) if not _resolves(name)] == []


def test_papers_name_only_tests_that_exist():
    """Every test that a paper names by its function is there."""
    known = set(re.findall(r"def (test_\w+)", "".join(module.source for module in modules("tests"))))

    assert [(paper, name) for paper, name in _named(re.compile(r"`test_\w+`")) if name not in known] == []


def test_papers_for_developers_name_only_what_exists():
    """Every class, function and constant that a paper for developers names in backticks occurs in the code."""
    words = set(re.findall(r"\w+", "".join(module.source for module in modules(*CODE, "scripts"))))
    names = re.compile(r"`[A-Za-z_]\w*(?:\.\w+)*`")

    assert [
        (paper, name)
        for paper, name in _named(names, FOR_DEVELOPERS)
        if not name.startswith("NEWS") and not name.endswith(".py") and not words.issuperset(name.split("."))
    ] == []
