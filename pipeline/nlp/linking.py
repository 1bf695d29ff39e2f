"""Linking: which known thing each entity of an article is."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.kb import KbEntry, KnowledgeBase
from pipeline.nlp.who import Cluster, entity_hash


@dataclass(frozen=True, slots=True)
class Identity:
    """What one entity is called across articles: ``entity_id`` is the QID where linked, else a hash."""

    entity_type: str
    entity_id: str
    name: str
    qid: str | None
    country: str | None


def link_entities(clusters: Sequence[Cluster], kb: KnowledgeBase) -> tuple[Identity, ...]:
    """Return the identity of each cluster, in their order."""
    return tuple(_identity(cluster, kb) for cluster in clusters)


def _identity(cluster: Cluster, kb: KnowledgeBase) -> Identity:
    name, entity_type = cluster.name, cluster.entity_type
    override = kb.override_of(name)
    entity_type = (override.entity_type if override else None) or entity_type
    entry = kb.lookup(name, entity_type)
    name = _canonical(name, entry)
    qid = entry.qid if entry else None
    country = (override.country if override else None) or (entry.country if entry else None)
    return Identity(entity_type, qid or entity_hash(name, entity_type), name, qid, country)


def _canonical(name: str, entry: KbEntry | None) -> str:
    """Return the article's fullest form; the known name where that is an acronym or lacks only the article."""
    if entry is None:
        return name
    is_article = entry.name.casefold() == f"the {name.casefold()}"
    is_short = entry.entity_type == "GPE" and name.replace(".", "").isupper()
    return entry.name if is_article or is_short else name
