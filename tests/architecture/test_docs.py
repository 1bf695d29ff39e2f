"""The docs match the project: generated pages, settings, links, targets, decisions, names in the code."""

import pkgutil
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import get_args

import pytest

from newslake.pipeline.model.source import SourceKind
from newslake.pipeline.query.connection import connect, query
from newslake.pipeline.query.saved_queries import list_questions
from scripts.reference_docs import models_by_title, reference_markdown
from scripts.table_docs import tables_markdown
from tests.architecture.tree import CODE, PAPERS, ROOT, modules, project_files, text_of

HOW_TOS = tuple(path for path in PAPERS if path.startswith(("docs/how-to/", "docs/addons/")))
# Everything that names the code: the docs, and files with commands and comments.
NAMING_CODE = (
    *PAPERS,
    *("samples/README.md", "sources.toml", "pyproject.toml", "Makefile", "Dockerfile", "docker-compose.yaml"),
    *(".ci/run", ".env.example", "docker-compose.shared.yaml", ".env.shared.example"),
)
# The docs for developers, which name classes, functions and constants.
FOR_DEVELOPERS = ("CONTRIBUTING.md", "docs/architecture.md", "docs/glossary.md")
_TOPS = "|".join((*CODE, "scripts"))
_CODE_PATH = re.compile(rf"(?<![\w./-])(?:{_TOPS})/(?!\d)[\w./*<>{{}}-]*")
_DOTTED_NAME = re.compile(r"(?<![\w./-])(?:pipeline|news_airflow|samples|scripts|tests)(?:\.[A-Za-z_]\w*)+")
_PLACEHOLDER = re.compile(r"[*<>{}]|\byour-")


def test_tables_page_is_current():
    """docs/tables.md is generated from the current contract."""
    assert text_of("docs/tables.md") == tables_markdown(), "docs/tables.md is out of date: run `make docs`"


def test_reference_page_is_current():
    """docs/reference.md is generated from the settings and commands."""
    assert text_of("docs/reference.md") == reference_markdown(), "docs/reference.md is out of date: run `make docs`"


@pytest.mark.parametrize("kind", get_args(SourceKind))
def test_kind_of_source_is_described(kind):
    """Each kind of source is in the comments of sources.toml and under "Sources" in docs/operations.md."""
    assert f'#   kind = "{kind}"' in text_of("sources.toml"), "describe it above the first source"
    assert f"`{kind}`" in text_of("docs/operations.md"), "add it under Sources"


def test_docs_name_only_settings_that_exist():
    """Every NEWS_ name in the docs is a setting."""
    known = {name.upper() for _, model in models_by_title() for name in model.model_fields}
    named = {(path, name) for path in PAPERS for name in re.findall(r"\bNEWS_([A-Z_]+)\b", text_of(path))}

    assert {(path, name) for path, name in named if name not in known} == set()


def test_docs_name_only_make_targets_that_exist():
    """Every `make` target in the docs is in the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    named = {(path, name) for path in PAPERS for name in re.findall(r"`make ([a-z]+)`", text_of(path))}

    assert {(path, name) for path, name in named if name not in targets} == set()


def test_sql_in_the_docs_runs(tmp_path):
    """Every SELECT in the docs runs on a lake without articles."""
    connection = connect(tmp_path)
    shown = [
        sql
        for path in ("README.md", "docs/tables.md", "docs/operations.md", *HOW_TOS)
        for block in re.findall(r"```sql\n(.*?)```|newslake sql \"([^.\"]+)\"", text_of(path), re.DOTALL)
        for sql in block
        if sql.startswith("SELECT")
    ]

    assert len([query(connection, sql) for sql in shown]) >= 3


def test_questions_in_the_docs_exist():
    """Every `newslake ask QUESTION` in the docs is a saved question."""
    named = {(path, slug) for path in PAPERS for slug in re.findall(r"newslake ask ([a-z-]+)", text_of(path))}
    known = {question.slug for question in list_questions()}

    assert {(path, slug) for path, slug in named if slug not in known} == set()


@pytest.mark.parametrize("path", [path for path in HOW_TOS if "`make answers`" in text_of(path)])
def test_how_to_shows_answers(path):
    """Every block of SQL and every question is followed by its answer; `make answers` writes the answers."""
    blocks = re.findall(r"```(?:sql|sh)\n.*?```\n\n(\| )?", text_of(path), re.DOTALL)

    assert len(blocks) >= 5
    assert all(blocks)


def test_relative_links_are_valid():
    """Every relative link in the docs leads to a file or folder of the project."""
    broken = {
        (path, target)
        for path in PAPERS
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text_of(path))
        if not target.startswith(("http://", "https://", "mailto:"))
        and not (ROOT / PurePosixPath(path).parent / target).exists()
    }

    assert broken == set()


def test_decision_records_are_numbered_and_titled():
    """Each decision record is NNNN-words.md, begins with its number and title, has a status, and is in the index."""
    index = "docs/adr/README.md"
    for path in (path for path in PAPERS if path.startswith("docs/adr/") and path != index):
        number = re.fullmatch(r"docs/adr/(\d{4})-[a-z0-9-]+\.md", path)
        assert number, path
        assert re.match(rf"# {int(number[1])}\. \S.*\n", text_of(path)), (
            f"{path}: begin with '# {int(number[1])}. Title'"
        )
        assert re.search(r"^Status: (accepted|replaced by \d+)", text_of(path), re.MULTILINE), f"{path}: add its status"
        assert f"| [{int(number[1])}]({path.removeprefix('docs/adr/')}) |" in text_of(index), f"{index}: add {path}"


def _named(pattern: re.Pattern[str], paths: tuple[str, ...] = NAMING_CODE) -> Iterator[tuple[str, str]]:
    """Yield each document with every match of a pattern in it."""
    return ((path, match[0].strip("`").rstrip(".")) for path in paths for match in pattern.finditer(text_of(path)))


def test_docs_name_only_paths_that_exist():
    """Every path of code in the docs is a file or folder; paths with a glob or placeholder are not checked."""
    broken = [
        (paper, path)
        for paper, path in _named(_CODE_PATH)
        if not _PLACEHOLDER.search(path) and not (ROOT / path).exists()
    ]

    assert broken == []


def test_docs_name_only_files_that_exist():
    """A module named by the end of its path exists: `spec.py`, `languages/spec.py`."""
    ends = {path[at:] for path in project_files() for at in (0, *(m.end() for m in re.finditer("/", path)))}

    assert [(paper, name) for paper, name in _named(re.compile(r"`[\w/]+\.py`")) if name not in ends] == []


def _resolves(name: str) -> bool:
    """Return whether a dotted name is a package, a module, or an attribute of a module."""
    place = ROOT / "/".join(name.replace("news_airflow", "plugins.news_airflow", 1).split("."))
    if place.is_dir() or place.with_suffix(".py").is_file():
        return True
    try:
        pkgutil.resolve_name(name)
    except (ImportError, AttributeError):
        return False
    return True


def test_docs_name_only_modules_that_exist():
    """Every dotted name in the docs, e.g. `newslake.pipeline.sources.discover`, exists."""
    assert [(paper, name) for paper, name in _named(_DOTTED_NAME) if not _resolves(name)] == []


def test_docs_name_only_tests_that_exist():
    """Every test function named in the docs exists."""
    known = set(re.findall(r"def (test_\w+)", "".join(module.source for module in modules("tests"))))

    assert [(paper, name) for paper, name in _named(re.compile(r"`test_\w+`")) if name not in known] == []


def test_docs_for_developers_name_only_what_exists():
    """Every class, function and constant in backticks in the docs for developers is in the code."""
    words = set(re.findall(r"\w+", "".join(module.source for module in modules(*CODE, "scripts"))))
    names = re.compile(r"`[A-Za-z_]\w*(?:\.\w+)*`")

    assert [
        (paper, name)
        for paper, name in _named(names, FOR_DEVELOPERS)
        if not name.startswith("NEWS") and not name.endswith(".py") and not words.issuperset(name.split("."))
    ] == []
