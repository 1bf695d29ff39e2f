"""newslake in Python: open a lake, read its tables, ask its questions; annotate, clean and show articles.

    lake = newslake.open("data")  # or the address of the catalog of a shared store
    lake.read("quotes", since="2026-03-01", columns=["speaker_name", "quote_text"]).to_pandas()

Importing this package loads nothing else: each name is loaded at its first use (PEP 562), and each function loads what
it needs. The columns are those of docs/tables.md. The package `newslake.pipeline` is the pipeline itself; its names may
change.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from newslake.document import ArticleFrame, Document, annotate, clean, show
    from newslake.pipeline import __version__
    from newslake.pipeline.errors import ConfigError, LimitError, NewsError
    from newslake.reader import LakeReader, open  # noqa: A004 - called as newslake.open
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
_PLACES = {
    "newslake.document": ("ArticleFrame", "Document", "annotate", "clean", "show"),
    "newslake.pipeline": ("__version__",),
    "newslake.pipeline.errors": ("ConfigError", "LimitError", "NewsError"),
    "newslake.reader": ("LakeReader", "open"),
    "newslake.rows": ("QuestionAnswer", "Rows", "SearchRows"),
}
_MODULE_OF = {name: module for module, names in _PLACES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Return a public name, loaded at its first use."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_MODULE_OF[name]), name)
    return value


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
