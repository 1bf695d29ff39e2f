"""What `newslake` loads to start: a command imports only the libraries that it needs."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
_LOADED = """\
import sys
from newslake.pipeline.cli import main
sys.argv[0] = "newslake"
try:
    main()
except SystemExit as ended:
    assert not ended.code, ended.code
sys.stdout.flush()
print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


def _loaded_by(*args: str, cwd: Path, **env: str) -> set[str]:
    """Return the top-level modules that a command imports, in a process of its own."""
    command = [sys.executable, "-c", _LOADED, *args]
    done = subprocess.run(
        command, cwd=cwd, env={"PYTHONPATH": str(ROOT), **env}, capture_output=True, text=True, check=True
    )
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("args", [("--help",), ("--version",), ("ask", "--help")])
def test_help_loads_no_library_of_the_pipeline(tmp_path: Path, args: tuple[str, ...]) -> None:
    """Help and version need the command line alone."""
    heavy = {"courlan", "duckdb", "lxml", "pyarrow", "pydantic_settings", "requests", "spacy", "sqlglot"}

    assert _loaded_by(*args, cwd=tmp_path) & heavy == set()


def test_sql_loads_what_a_query_needs(tmp_path: Path) -> None:
    """A query loads DuckDB and Arrow: no HTTP client, language model, charts, SQL translator and no pandas."""
    heavy = {"vl_convert", "courlan", "feedparser", "pandas", "requests", "spacy", "sqlglot", "warcio"}
    loaded = _loaded_by("sql", "SELECT 1", cwd=tmp_path)

    assert (loaded & heavy, "duckdb" in loaded) == (set(), True)


def test_ask_without_a_picture_loads_no_charts(tmp_path: Path) -> None:
    """Bars in the terminal need no library for pictures."""
    assert _loaded_by("ask", "top-speakers", "--chart", cwd=tmp_path) & {"vl_convert", "sqlglot", "pandas"} == set()


def test_completion_loads_no_library_of_the_lake(tmp_path: Path) -> None:
    """What the shell waits for reads small files alone."""
    words = {"_NEWSLAKE_COMPLETE": "complete_bash", "COMP_WORDS": "newslake ask --source p", "COMP_CWORD": "3"}
    heavy = {"airflow", "courlan", "duckdb", "pyarrow", "requests", "spacy", "sqlglot"}

    assert _loaded_by(cwd=tmp_path, **words) & heavy == set()
