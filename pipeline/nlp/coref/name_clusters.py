"""Who is who inside an article: names to clusters. A wrong merge is worse than two clusters."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.kb import KnowledgeBase
from pipeline.kb.entry import fold_name
from pipeline.model.annotation import Gender
from pipeline.nlp.coref.clusters import Cluster, Link, Spelling, is_acronym
from pipeline.nlp.coref.people import PersonClusters
from pipeline.nlp.coref.things import ThingClusters
from pipeline.nlp.languages.spec import NameData
from pipeline.nlp.ner.spans import Name, fold_name_cached, surface_of
from pipeline.nlp.tokens import Tokens

__all__ = ["Cluster", "Link", "NameClusters", "cluster_names", "entity_hash"]


@dataclass(frozen=True, slots=True)
class NameClusters:
    """All clusters of an article, and the link of each name in the order of ``names``."""

    clusters: tuple[Cluster, ...]
    links: tuple[Link, ...]


def entity_hash(name: str, entity_type: str) -> str:
    """Return the id of what is not linked: 16 hex of the hash of the folded name and its type."""
    return hashlib.sha256(f"{fold_name(name)}|{entity_type}".encode()).hexdigest()[:16]


def cluster_names(tokens: Tokens, names: tuple[Name, ...], data: NameData, kb: KnowledgeBase) -> NameClusters:
    """Return who is who: the fullest names make the clusters, then surnames, acronyms and short forms join them."""
    spellings = [_spelling(tokens, name, place, data) for place, name in enumerate(names)]
    explained = _acronym_targets(tokens, names, spellings)
    clusters: list[Cluster] = []
    people, things = PersonClusters(clusters, data), ThingClusters(clusters, data, kb)
    links: dict[int, Link] = {}
    for spelling in sorted(spellings, key=_fullest_first):
        if names[spelling.place].label == "PERSON":
            link = people.link(spelling)
        else:
            partner = links.get(explained.get(spelling.place, -1))
            link = things.link(spelling, names[spelling.place].label, None if partner is None else partner.cluster)
        links[spelling.place] = link
        if link.cluster is not None:
            clusters[link.cluster].add(spelling)
    return _in_reading_order(clusters, [links[place] for place in range(len(names))])


def _fullest_first(spelling: Spelling) -> tuple[bool, bool, int, int]:
    """Order full names before short ones, and those by their place: who was named before decides who is meant."""
    is_full = spelling.is_full
    return not is_full, is_acronym(spelling.surface), -len(spelling.words) if is_full else 0, spelling.place


def _spelling(tokens: Tokens, name: Name, place: int, data: NameData) -> Spelling:
    surface = surface_of(tokens, name)
    if name.family is not None:
        surface = f"{surface} {tokens.text[name.family]}"
    words = fold_name_cached(surface).split()
    marks = "\"'“”()"
    nickname = next((word.strip(marks) for word in words[1:-1] if word[0] in marks), None)
    kept = tuple(word for word in words if word[0] not in marks) if nickname else tuple(words)
    return Spelling(
        surface=surface,
        words=kept,
        place=place,
        sentence=tokens.sentence[name.first],
        is_full=any(word not in data.name_particles for word in kept[:-1]),
        gender=_honorific_gender(tokens, name, data),
        nickname=nickname,
    )


def _honorific_gender(tokens: Tokens, name: Name, data: NameData) -> Gender | None:
    if name.title is None:
        return None
    words = [tokens.lower[index].rstrip(".") for index in range(name.title, name.first)]
    shown = {data.honorifics[word] for word in words if data.honorifics.get(word)}
    return shown.pop() if len(shown) == 1 else None


def _acronym_targets(tokens: Tokens, names: tuple[Name, ...], spellings: list[Spelling]) -> Mapping[int, int]:
    """Return the place of the name that each acronym stands for, where one stands in brackets after the other."""
    found: dict[int, int] = {}
    for place in range(len(names) - 1):
        left, right = names[place], names[place + 1]
        if right.first != left.last + 2 or tokens.text[left.last + 1] != "(":
            continue
        short, full = (place, place + 1) if is_acronym(spellings[place].surface) else (place + 1, place)
        if is_acronym(spellings[short].surface) and spellings[short].surface[0].lower() == spellings[full].words[0][0]:
            found[short] = full
    return found


def _in_reading_order(clusters: list[Cluster], links: list[Link]) -> NameClusters:
    order = list(dict.fromkeys(link.cluster for link in links if link.cluster is not None))
    place = {old: new for new, old in enumerate(order)}
    return NameClusters(
        clusters=tuple(clusters[old] for old in order),
        links=tuple(
            Link(None if link.cluster is None else place[link.cluster], link.method, link.confidence) for link in links
        ),
    )
