"""Derive rows from pages: one pure path from bytes to the annotation tables, without archive, lake or network."""

from newslake.pipeline.derive.annotator import LoadedAnnotator, NoTurns, Turns, load_annotator, readers_of
from newslake.pipeline.derive.pages import (
    ArticleTables,
    DerivedPages,
    SourcePage,
    concat_articles,
    derive_articles,
    derive_pages,
    latest_revision,
    published_day,
    read_page,
)

__all__ = [
    "ArticleTables",
    "DerivedPages",
    "LoadedAnnotator",
    "NoTurns",
    "SourcePage",
    "Turns",
    "concat_articles",
    "derive_articles",
    "derive_pages",
    "latest_revision",
    "load_annotator",
    "published_day",
    "read_page",
    "readers_of",
]
