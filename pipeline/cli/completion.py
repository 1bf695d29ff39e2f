"""Values that the shell completes: questions and their options, sources, engines, snapshots and export formats.

The shell waits for them, so they are read from small files, without the libraries that open the lake.
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import newslake.pipeline
from newslake.pipeline.errors import ConfigError

# Of share.dialects and share, which load DuckDB and Arrow; a test keeps them equal.
ENGINES = ("ansi", "athena", "bigquery", "clickhouse", "datafusion", "duckdb", "polars", "spark", "trino")
AUDITED_TABLES = ("quotes", "entities", "events", "articles")
EXPORT_FORMATS = ("folder", "csv", "sqlite")
_QUESTIONS = Path(newslake.pipeline.__file__).parent / "query" / "questions"
_TITLE, _OPTION = "-- title: ", "-- option: "


def questions(incomplete: str) -> list[tuple[str, str]]:
    """Return the saved questions that begin with a text, each with its title."""
    found = sorted(_QUESTIONS.glob("*.sql"))
    return [(path.stem, next(_headers(path, _TITLE), "")) for path in found if path.stem.startswith(incomplete)]


def question_options(slug: str) -> list[tuple[str, str]]:
    """Return the options of a question, each with its help text; none for an unknown question."""
    path = _QUESTIONS / f"{slug}.sql"
    pairs = [text.partition(": ") for text in _headers(path, _OPTION)] if path.is_file() else []
    return [(f"--{name.replace('_', '-')}", text) for name, _, text in pairs]


def _headers(path: Path, key: str) -> Iterator[str]:
    lines = path.read_text("utf-8").splitlines()
    return (line.removeprefix(key) for line in lines if line.startswith(key))


def sources(incomplete: str) -> list[str]:
    """Return the keys of sources.toml that begin with a text; none if it cannot be read."""
    from newslake.pipeline.settings import Settings

    try:
        keys = tomllib.loads(Settings.load().sources_file.read_text("utf-8")).get("sources", {})
    except (ConfigError, OSError, ValueError):  # a completion has no place for a message
        return []
    return [key for key in keys if key.startswith(incomplete)]


def snapshots(incomplete: str) -> list[str]:
    """Return the names of snapshots that begin with a text."""
    from newslake.pipeline.settings import Settings

    try:
        folders = sorted(Settings.load().lake_dir.with_name("snapshots").iterdir())
    except (ConfigError, OSError):
        return []
    return [path.name for path in folders if path.name.startswith(incomplete)]


def engines(incomplete: str) -> list[str]:
    """Return the engines that begin with a text."""
    return [name for name in ENGINES if name.startswith(incomplete)]


def export_formats(incomplete: str) -> list[str]:
    """Return the formats of `newslake lake export` that begin with a text."""
    return [name for name in EXPORT_FORMATS if name.startswith(incomplete)]


def audited_tables(incomplete: str) -> list[str]:
    """Return the tables of `newslake audit sample` that begin with a text."""
    return [name for name in AUDITED_TABLES if name.startswith(incomplete)]
