"""The knowledge base for linking: countries, capitals, large cities and organisations, and the reader's corrections."""

from pipeline.kb.base import KbEntry, KnowledgeBase
from pipeline.kb.load import load_kb
from pipeline.kb.overrides import NameOverride

__all__ = ["KbEntry", "KnowledgeBase", "NameOverride", "load_kb"]
