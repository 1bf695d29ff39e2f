"""newslake in Python: open a lake, read its tables, ask its questions; annotate, clean and show articles.

    lake = newslake.open("data")
    lake.read("quotes", since="2026-03-01", columns=["speaker_name", "quote_text"]).to_pandas()

Importing this package loads nothing else: each function loads what it needs. The columns are those of docs/tables.md.
"""

from os import PathLike
from pathlib import Path

from newslake.document import ArticleFrame, Document, annotate, clean, show
from newslake.reader import LakeReader, open_lake
from newslake.rows import QuestionAnswer, Rows, SearchRows
from pipeline import __version__
from pipeline.errors import ConfigError, LimitError, NewsError

__all__ = [
    "ArticleFrame",
    "ConfigError",
    "Document",
    "LakeReader",
    "LimitError",
    "NewsError",
    "QuestionAnswer",
    "Rows",
    "SearchRows",
    "__version__",
    "annotate",
    "clean",
    "open",
    "show",
]


def open(  # noqa: A001 - called as newslake.open, as the libraries of other formats are
    path: str | PathLike[str],
    *,
    seconds: float | None = None,
    memory_mb: int | None = None,
    max_rows: int = 10_000_000,
) -> LakeReader:
    """Return a reader of a lake. ``path`` is a data folder, the folder of a lake, or that of a snapshot.

    Each call of the reader sees the rows that are committed then, and can change nothing. A call has at most
    ``seconds`` and ``memory_mb`` (default: NEWS_SQL_SECONDS, NEWS_SQL_MEMORY_MB) and returns at most ``max_rows`` rows.
    Raises: ConfigError if there is no lake.
    """
    if not isinstance(path, str | PathLike):
        raise ConfigError(f"path={path!r} is not a folder; give a text or a Path", key="path")
    if "://" in str(path):
        raise ConfigError(f"{path} is a URL; lakes are folders of this machine: copy the lake first", key="path")
    return open_lake(Path(path).expanduser(), seconds=seconds, memory_mb=memory_mb, max_rows=max_rows)
