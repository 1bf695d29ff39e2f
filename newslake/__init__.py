"""newslake in Python: open a lake, read its tables, ask its questions; annotate, clean and show articles.

    lake = newslake.open("data")  # or the address of the catalog of a shared store
    lake.read("quotes", since="2026-03-01", columns=["speaker_name", "quote_text"]).to_pandas()

Importing this package loads nothing else: each function loads what it needs. The columns are those of docs/tables.md.
"""

from os import PathLike
from pathlib import Path

from newslake.document import ArticleFrame, Document, annotate, clean, show
from newslake.pipeline import __version__
from newslake.pipeline.errors import ConfigError, LimitError, NewsError
from newslake.reader import LakeReader, open_lake, open_shared_lake
from newslake.rows import QuestionAnswer, Rows, SearchRows

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
    warehouse: str | None = None,
    namespace: str | None = None,
    seconds: float | None = None,
    memory_mb: int | None = None,
    max_rows: int = 10_000_000,
) -> LakeReader:
    """Return a reader of a lake. ``path`` is a data folder, the folder of a lake, or that of a snapshot.

    For a lake on a shared store, it is the address of its Iceberg REST catalog, ``https://HOST/PATH``, as pyiceberg
    takes it; ``warehouse`` (``s3://BUCKET``) and ``namespace`` say where in it the tables are. Their defaults are
    NEWS_CATALOG_WAREHOUSE and NEWS_CATALOG_NAMESPACE. Keys are never in the address: NEWS_OBJECTS_KEY_FILE,
    NEWS_CATALOG_PROPERTIES_FILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Only catalog and bucket are needed.

    Each call of the reader sees the rows that are committed then, and can change nothing. Forked processes may use it:
    each opens connections of its own. A call has at most
    ``seconds`` and ``memory_mb`` (default: NEWS_SQL_SECONDS, NEWS_SQL_MEMORY_MB) and returns at most ``max_rows`` rows.
    Raises: ConfigError if there is no lake; StoreError for a catalog or a bucket that cannot be used.
    """
    if not isinstance(path, str | PathLike):
        raise ConfigError(f"path={path!r} is not a folder; give a text or a Path", key="path")
    if "://" in str(path):
        return open_shared_lake(
            str(path), warehouse, namespace, seconds=seconds, memory_mb=memory_mb, max_rows=max_rows
        )
    for name, given in (("warehouse", warehouse), ("namespace", namespace)):
        if given is not None:
            message = f"{name}={given!r} is for the address of a catalog, but {path} is a folder; leave it out"
            raise ConfigError(message, key=name)
    return open_lake(Path(path).expanduser(), seconds=seconds, memory_mb=memory_mb, max_rows=max_rows)
