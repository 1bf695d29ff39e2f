"""Knowledge base for entity linking: countries, cities, organisations, your base, and your corrections."""

from newslake.pipeline.kb.base import KnowledgeBase
from newslake.pipeline.kb.builtin import load_kb
from newslake.pipeline.kb.cities import City
from newslake.pipeline.kb.entry import KbEntry
from newslake.pipeline.kb.overrides import (
    Corrections,
    NameLine,
    NameOverride,
    QuoteOverride,
    parse_overrides,
    read_overrides,
)
from newslake.pipeline.kb.records import BadLine, read_records
from newslake.pipeline.kb.store import ImportResult, KbInfo, KbStore, build_store

__all__ = [
    "BadLine",
    "City",
    "Corrections",
    "ImportResult",
    "KbEntry",
    "KbInfo",
    "KbStore",
    "KnowledgeBase",
    "NameLine",
    "NameOverride",
    "QuoteOverride",
    "build_store",
    "load_kb",
    "parse_overrides",
    "read_overrides",
    "read_records",
]
