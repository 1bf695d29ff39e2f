"""Content of the repository: sources only, nothing of one machine, locks with hashes."""

import re

import pytest

from tests.architecture.tree import ROOT, project_files
from tests.scheduling import LONGEST

GENERATED = re.compile(
    r"^(data|\.airflow|\.venv|\.tools|dist)/|(^|/)__pycache__/"
    r"|\.(parquet|warc|warc\.gz|obj|db|sqlite|sqlite3|duckdb|wal|log|pyc|whl|part|tmp|cdx|cdxj)$"
)
# With brackets, so that this file does not match itself.
MACHINE_PATH = re.compile(r"(?<![\w.~%/-])/(?:[w]ork|[r]oot|[h]ome/\w+|[U]sers/\w+)/|\.\./[s]hared\b")
REGISTRY = re.compile(r"[p]ypi\.org|[p]ythonhosted\.org|[n]pmjs\.|[c]onda\.anaconda|[t]rusted-host", re.IGNORECASE)
UNFINISHED = re.compile(r"\b(?:[T]ODO|[F]IXME|[X]XX|[N]otImplementedError)\b")
LOCKS = (
    *("requirements.txt", "requirements-dev.txt", "requirements-cluster.txt", "requirements-scale.txt"),
    "tests/engines/requirements-iceberg.txt",
)
MOST_BYTES = 1_000_000


def _lines_with(pattern: re.Pattern[str], paths: tuple[str, ...]) -> list[str]:
    found = []
    for path in paths:
        text = (ROOT / path).read_bytes().decode("utf-8", "replace")
        if pattern.search(text):
            found += [f"{path}:{n}" for n, line in enumerate(text.splitlines(), 1) if pattern.search(line)]
    return found


def test_no_generated_data():
    """The repository has no files that a run or a tool writes, but the record of looks at unread articles."""
    assert [path for path in project_files() if GENERATED.search(path)] == ["corpus/believe.log"]


def test_no_large_file():
    """No file is larger than a megabyte."""
    assert [path for path in project_files() if (ROOT / path).stat().st_size > MOST_BYTES] == []


def test_no_path_of_one_machine():
    """No file names a folder of one machine, or a folder next to the project."""
    assert _lines_with(MACHINE_PATH, project_files()) == []


def test_no_package_registry():
    """No file names a package registry; each machine sets its own."""
    assert _lines_with(REGISTRY, project_files()) == []


def test_no_unfinished_code():
    """The code has no marks of unfinished work."""
    code = tuple(path for path in project_files() if path.endswith((".py", ".sql", ".toml", ".yaml", "Makefile")))

    assert _lines_with(UNFINISHED, code) == []


@pytest.mark.parametrize("name", LOCKS)
def test_lock_pins_and_hashes_everything(name):
    """Every requirement of a lock has one version and at least one SHA-256, without URL and index."""
    text = re.sub(r"\s*\\\n\s*", " ", (ROOT / name).read_text("utf-8"))
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]

    assert lines, f"{name} is empty; run `make lock`"
    pinned = re.compile(r"^[a-z0-9][a-z0-9._-]*(\[[a-z0-9,._-]+\])?==\S+( ;.*?)?( --hash=sha256:[0-9a-f]{64})+$")
    assert [line[:60] for line in lines if not pinned.match(line)] == []


def test_scopes_of_the_schedule_exist():
    """Each scope that starts first is a folder or file with tests."""
    scopes = [ROOT / "tests" / scope for scope in LONGEST]
    assert [scope for scope in scopes if not (scope.is_file() or any(scope.glob("test_*.py")))] == []
