"""Entity linking: the known entity of each cluster of an article, with a confidence. Offline.

The known bearers of a name that match its type compete with each other and with an unknown bearer. The evidence is how
often each is meant (``prior``, only relative to the others) and the text: the words near the person, the words and
countries of the article. A famous bearer that the text contradicts loses to the unknown one.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

from newslake.pipeline.kb import KbEntry, KnowledgeBase
from newslake.pipeline.kb.entry import entity_type_group, fold_name, words_of
from newslake.pipeline.model import Entity
from newslake.pipeline.nlp.coref.gender import correction_of
from newslake.pipeline.nlp.coref.name_clusters import Cluster, entity_hash
from newslake.pipeline.nlp.coref.resolver import Coreference
from newslake.pipeline.nlp.coref.roles import title_of
from newslake.pipeline.nlp.languages.spec import NameData
from newslake.pipeline.nlp.tokens import Tokens

_LEAST = 0.5  # minimum confidence of a link
_SURE = 0.8  # minimum confidence of a link that is evidence for others
# All weights are natural logarithms of odds. The odds of an unknown bearer, by group of entity types:
_UNKNOWN: Mapping[str, float] = {"place": -2.0, "group": -1.5, "people": -2.0, "person": 0.3}
_UNKNOWN_ELSE = -1.0
_UNKNOWN_SHORT = 1.2  # added for a person named by one word
_ALIAS = -0.3
_WORD, _WORDS_MOST = 0.6, 4  # a word of the entry in the article
_NEAR, _NEAR_MOST = 1.0, 2  # a word of the entry in the title or role
_FIELD, _OTHER_FIELD = 1.5, -3.5
_TOPIC, _OTHER_TOPIC = 0.4, -0.8
_COMPANY = 1.0
_NATION, _OTHER_NATION = 1.5, -3.0
_COUNTRY, _OTHER_COUNTRY = 0.8, -0.5
_CONTENT_TAGS = frozenset({"NN", "NNS", "NNP", "NNPS", "JJ"})


@dataclass(frozen=True, slots=True)
class Identity:
    """The identity of one entity across articles: ``entity_id`` is the QID if linked, else a hash.

    ``confidence`` (0 to 1) is that of the QID; None without one. ``country`` is from a correction, or else from the
    knowledge base.
    """

    entity_type: str
    entity_id: str
    name: str
    qid: str | None
    confidence: float | None
    country: str | None
    is_country_corrected: bool


def link_entities(tokens: Tokens, coreference: Coreference, data: NameData, kb: KnowledgeBase) -> tuple[Identity, ...]:
    """Return the identity of each cluster, in their order. An override wins; ties link nothing."""
    context = _LinkingContext(tokens, coreference, data, kb)
    contests = [_rank_candidates(cluster, i, context) for i, cluster in enumerate(coreference.chains.clusters)]
    nobody = Counter[str]()
    first = [contest.winner(context.countries, nobody) for contest in contests]
    fields = [link.fields if link and link.confidence >= _LEAST else frozenset[str]() for link in first]
    company = Counter(chain.from_iterable(fields))
    countries = context.countries | {
        link.entry.country for link in first if link and link.confidence >= _SURE and link.entry.country
    }
    links = [
        contest.winner(countries, company - Counter(of_entity) if of_entity else company)
        for contest, of_entity in zip(contests, fields, strict=True)
    ]
    clusters = coreference.chains.clusters
    return _part_couples(
        clusters, [_identity(cluster, link, kb) for cluster, link in zip(clusters, links, strict=True)]
    )


def _part_couples(clusters: Sequence[Cluster], identities: Sequence[Identity]) -> tuple[Identity, ...]:
    """Return the identities; people whom only honorifics tell apart ("Mr Pym", "Mrs Pym") get different ids."""
    bearers = Counter(each.entity_id for each in identities if each.entity_type == "PERSON" and each.qid is None)
    return tuple(
        replace(each, entity_id=entity_hash(f"{each.name}|{gender}", each.entity_type))
        if bearers[each.entity_id] > 1 and (gender := "".join(sorted(cluster.honorifics)))
        else each
        for cluster, each in zip(clusters, identities, strict=True)
    )


@dataclass(frozen=True, slots=True)
class _BestCandidate:
    """The best bearer of a name, and the fields of life of a person. Below ``_LEAST`` it is not linked."""

    entry: KbEntry
    fields: frozenset[str]
    confidence: float


@dataclass(frozen=True, slots=True)
class _CandidateRanking:
    """The bearers of one name, weighted by everything except the article's countries, and the weight of an unknown
    bearer.

    ``nations`` are the countries that the text gives the entity itself.
    """

    weighed: tuple[tuple[KbEntry, frozenset[str], float], ...]
    unknown: float
    nations: frozenset[str]

    def winner(self, countries: Collection[str], company: Mapping[str, int]) -> _BestCandidate | None:
        """Return the best bearer in an article about these countries; of equal ones, the first.

        ``company`` counts the fields of life of the other entities that the first pass linked.
        """
        if not self.weighed:
            return None
        odds = [
            math.exp(weight + _country_weight(entry, self.nations, countries) + _company_weight(fields, company))
            for entry, fields, weight in self.weighed
        ]
        best = max(range(len(odds)), key=odds.__getitem__)
        confidence = odds[best] / (sum(odds) + math.exp(self.unknown))
        entry, fields, _ = self.weighed[best]
        return _BestCandidate(entry, fields, round(confidence, 3))


_NO_CANDIDATES = _CandidateRanking((), 0.0, frozenset())


class _LinkingContext:
    """The context of the entities in an article. The words are collected when a candidate first needs them."""

    def __init__(self, tokens: Tokens, coreference: Coreference, data: NameData, kb: KnowledgeBase) -> None:
        self._tokens = tokens
        self._coreference = coreference
        self.data = data
        self.kb = kb
        self.countries = frozenset(
            code for cluster in coreference.chains.clusters if (code := _place_country(cluster, kb))
        )

    @cached_property
    def words(self) -> frozenset[str]:
        """All content words of the article, folded."""
        tokens = self._tokens
        return words_of(" ".join({tokens.lower[i] for i, tag in enumerate(tokens.tag) if tag in _CONTENT_TAGS}))

    @cached_property
    def fields(self) -> frozenset[str]:
        return _fields(self.words, self.data)

    @cached_property
    def near(self) -> Mapping[int, frozenset[str]]:
        """The words of titles and roles, by cluster."""
        words_of_cluster: defaultdict[int, set[str]] = defaultdict(set)
        for name, link, span in zip(
            self._coreference.names, self._coreference.chains.links, self._coreference.roles, strict=True
        ):
            descriptions = (title_of(self._tokens, name), self._tokens.span(*span) if span else None)
            if link.cluster is not None and any(descriptions):
                words_of_cluster[link.cluster] |= words_of(" ".join(filter(None, descriptions)))
        return {cluster: frozenset(words) for cluster, words in words_of_cluster.items()}

    def nations(self, cluster: int) -> frozenset[str]:
        """Return the countries that the text gives an entity."""
        evidence = self._coreference.countries.get(cluster)
        by_role = {code for word in self.near.get(cluster, ()) if (code := self.kb.country_of(word))}
        return frozenset(by_role | ({evidence[0]} if evidence else set()))


def _place_country(cluster: Cluster, kb: KnowledgeBase) -> str | None:
    if entity_type_group(cluster.entity_type) not in ("place", "people"):
        return None
    city = kb.city(cluster.name)
    return kb.country_of(cluster.name) or kb.capital_country(cluster.name) or (city.country if city else None)


def _fields(words: Iterable[str], data: NameData) -> frozenset[str]:
    return frozenset(field for word in words for field in data.role_fields.get(word, ()))


def _rank_candidates(cluster: Cluster, index: int, context: _LinkingContext) -> _CandidateRanking:
    entries = _candidates(cluster, context.kb)
    if not entries:
        return _NO_CANDIDATES
    near = context.near.get(index, frozenset())
    shown = _fields(near, context.data)
    most = max(1 + (entry.prior or 0) for entry in entries)
    meant = [most if entry.prior is None else 1 + entry.prior for entry in entries]
    weighed = []
    for entry, often in zip(entries, meant, strict=True):
        fields = _fields(entry.words, context.data) if entry.may_be("PERSON") else frozenset()
        weight = math.log(often / sum(meant)) + _word_weight(cluster, entry, near, context)
        weighed.append((entry, fields, weight + _field_weight(fields, shown, context)))
    return _CandidateRanking(tuple(weighed), _unknown_weight(cluster), context.nations(index))


def _candidates(cluster: Cluster, kb: KnowledgeBase) -> tuple[KbEntry, ...]:
    """Return the possible bearers of the fullest name or, if it has no bearer, of another full form."""
    for form in cluster.full_forms:
        entries = tuple(entry for entry in kb.candidates(form) if entry.may_be(cluster.entity_type))
        if entries:
            return entries
    return ()


def _unknown_weight(cluster: Cluster) -> float:
    kind = entity_type_group(cluster.entity_type)
    is_short = kind == "person" and len(cluster.words) == 1
    return _UNKNOWN.get(kind, _UNKNOWN_ELSE) + (_UNKNOWN_SHORT if is_short else 0)


def _word_weight(cluster: Cluster, entry: KbEntry, near: frozenset[str], context: _LinkingContext) -> float:
    """Return the weight of the name and of the entry's words in the article."""
    weight = 0.0 if fold_name(entry.name) == fold_name(cluster.name) else _ALIAS
    if entry.words:
        words = entry.words.difference(cluster.words)
        weight += _WORD * min(len(words & context.words), _WORDS_MOST) + _NEAR * min(len(words & near), _NEAR_MOST)
    return weight


def _country_weight(entry: KbEntry, nations: frozenset[str], countries: Collection[str]) -> float:
    if entry.country is None:
        return 0.0
    if nations:
        return _NATION if entry.country in nations else _OTHER_NATION
    if entry.country in countries:
        return _COUNTRY
    return _OTHER_COUNTRY if countries else 0.0


def _company_weight(fields: frozenset[str], company: Mapping[str, int]) -> float:
    """Return the weight of other people in the article with the same field."""
    return _COMPANY if any(field in company for field in fields) else 0.0


def _field_weight(known: frozenset[str], shown: frozenset[str], context: _LinkingContext) -> float:
    """Return the weight of a person's known fields compared with those in the text, or else those of the article."""
    if known and shown:
        return _FIELD if known & shown else _OTHER_FIELD
    if known and context.fields:
        return _TOPIC if known & context.fields else _OTHER_TOPIC
    return 0.0


def _identity(cluster: Cluster, linked: _BestCandidate | None, kb: KnowledgeBase) -> Identity:
    said = correction_of(cluster, kb)
    entity_type = said.entity_type or cluster.entity_type
    is_linked = linked is not None and linked.confidence >= _LEAST and linked.entry.may_be(entity_type)
    entry = linked.entry if linked is not None and is_linked else None
    qid, confidence = entry.qid if entry else None, linked.confidence if linked and entry and entry.qid else None
    if said.qid is not None:
        entry = entry if entry is not None and entry.qid == said.qid else None
        qid, confidence = said.qid or None, 1.0 if said.qid else None
    name = said.name or _canonical(cluster.name, entry)
    country = said.country or (entry.country if entry else None)
    entity_id = qid or entity_hash(name, entity_type)
    return Identity(entity_type, entity_id, name, qid, confidence, country, is_country_corrected=bool(said.country))


def _canonical(name: str, entry: KbEntry | None) -> str:
    """Return the article's fullest form, or the known name if that form is an acronym or lacks only the article."""
    if entry is None:
        return name
    is_article = entry.name.casefold() == f"the {name.casefold()}"
    is_short = entry.entity_type == "GPE" and name.replace(".", "").isupper()
    return entry.name if is_article or is_short else name


def with_kb_versions(entities: Sequence[Entity], kb: KnowledgeBase) -> tuple[Entity, ...]:
    """Return the entities, each with the version of the knowledge about the names of its cluster.

    The rows alone then show whether new knowledge can change an article: nothing else is looked up in the knowledge
    base.
    """
    names: defaultdict[object, set[str]] = defaultdict(set)
    for entity in entities:
        if entity.mention_kind == "name":
            names[group_of(entity.cluster_index, entity.entity_text)].add(entity.entity_text)
    versions = {group: version for group, texts in names.items() if (version := kb.version_of(texts))}
    return tuple(_with_version(entity, versions) for entity in entities)


def _with_version(entity: Entity, versions: Mapping[object, str]) -> Entity:
    version = versions.get(group_of(entity.cluster_index, entity.entity_text))
    return replace(entity, kb_version=version) if version else entity  # most names are unknown: a new object takes time


def group_of(cluster_index: int | None, entity_text: str) -> object:
    """Return the cluster of a mention, or its text if it has no cluster."""
    return entity_text if cluster_index is None else cluster_index
