"""Knowledge base for entity linking: countries, cities, organisations, your own base, and your corrections."""

from pipeline.kb.base import KnowledgeBase
from pipeline.kb.builtin import load_kb
from pipeline.kb.cities import City
from pipeline.kb.entry import KbEntry
from pipeline.kb.overrides import Corrections, NameLine, NameOverride, QuoteOverride, parse_overrides, read_overrides
from pipeline.kb.records import BadLine, read_records
from pipeline.kb.store import ImportResult, KbInfo, KbStore, build_store

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
