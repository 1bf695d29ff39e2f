"""The knowledge base for linking: countries, cities and organisations, a base of your own, and your corrections."""

from pipeline.kb.base import KnowledgeBase
from pipeline.kb.cities import City
from pipeline.kb.entry import KbEntry
from pipeline.kb.load import load_kb
from pipeline.kb.overrides import NameOverride, read_overrides
from pipeline.kb.records import BadLine, read_records
from pipeline.kb.store import Imported, KbInfo, KbStore, build_store

__all__ = [
    "BadLine",
    "City",
    "Imported",
    "KbEntry",
    "KbInfo",
    "KbStore",
    "KnowledgeBase",
    "NameOverride",
    "build_store",
    "load_kb",
    "read_overrides",
    "read_records",
]
