"""Entities: every mention of a name, a pronoun or a role, and who it is."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from pipeline.kb import KnowledgeBase
from pipeline.model import Entity, Quote
from pipeline.model.annotation import Gender, GenderMethod, LinkMethod, MentionKind
from pipeline.nlp.languages.spec import NameData
from pipeline.nlp.linking import Identity, link_entities, with_kb_versions
from pipeline.nlp.marks import Marked
from pipeline.nlp.names import Name, find_names
from pipeline.nlp.pronouns import PronounReader, Resolved
from pipeline.nlp.roles import role_key, role_nouns, role_of, title_of
from pipeline.nlp.tokens import Tokens
from pipeline.nlp.who import Cast, Cluster, Link, cast_of

_PERSONAL = frozenset({"person", "speaker", "speakers"})
UNRESOLVED = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class _Who:
    """What is the same for all mentions of one entity. Gender is None for what is no person."""

    identity: Identity
    gender: Gender | None
    gender_method: GenderMethod | None


@dataclass(frozen=True, slots=True)
class _Mention:
    first: int
    last: int
    kind: MentionKind
    link: Link
    label: str
    title: str | None = None
    role: str | None = None


def find_entities(
    tokens: Tokens, marked: tuple[Marked, ...], data: NameData, kb: KnowledgeBase, *, infer_gender: bool
) -> tuple[Entity, ...]:
    """Return the mentions of the article, in reading order, never overlapping.

    ``quote_index`` is None everywhere and I and we are unresolved until ``link_quotes``. A pronoun that is empty or
    unresolved has no cluster; its type is PERSON where its form says so and UNKNOWN otherwise. ``infer_gender``
    False leaves the gender columns None; what the text shows still helps to resolve pronouns.
    """
    names = find_names(tokens, data, kb)
    cast = cast_of(tokens, names, data, kb)
    roles = _roles(tokens, names, cast, data)
    genders = [_shown_gender(cluster, roles.get(i, ()), data, kb) for i, cluster in enumerate(cast.clusters)]
    nominal = list(role_nouns(tokens, _named_by_noun(cast, data) | _bearers(roles), data))
    resolved, heard = _resolve(tokens, marked, data, (names, cast, nominal), genders)
    identities = link_entities(tokens, names, cast, data, kb)
    who = [_who(each, genders[i], heard.get(i), infer_gender=infer_gender) for i, each in enumerate(identities)]
    mentions = [
        *_name_mentions(tokens, names, cast, data),
        *(
            _Mention(first, last, "nominal", Link(c, "role", 0.7), UNRESOLVED)
            for first, last, c in _free(nominal, names)
        ),
        *(_pronoun_mention(each) for each in resolved),
    ]
    mentions.sort(key=lambda mention: mention.first)
    return with_kb_versions([_entity(tokens, i, m, who, kb) for i, m in enumerate(mentions)], kb)


def _free(nominal: Iterable[tuple[int, int, int]], names: tuple[Name, ...]) -> Iterator[tuple[int, int, int]]:
    taken = {i for name in names for i in range(name.first, name.last + 1)}
    return (each for each in nominal if taken.isdisjoint(range(each[0], each[1] + 1)))


def _roles(
    tokens: Tokens, names: tuple[Name, ...], cast: Cast, data: NameData
) -> Mapping[int, tuple[tuple[str, ...], ...]]:
    """Return the role keys that the text gives each person, by cluster."""
    found: defaultdict[int, list[tuple[str, ...]]] = defaultdict(list)
    for name, link in zip(names, cast.links, strict=True):
        if link.cluster is None or cast.clusters[link.cluster].entity_type != "PERSON":
            continue
        span = role_of(tokens, name, data)
        key = role_key(tokens, span, data) if span else None
        if key:
            found[link.cluster].append(key)
    return {cluster: tuple(dict.fromkeys(keys)) for cluster, keys in found.items()}


def _bearers(roles: Mapping[int, tuple[tuple[str, ...], ...]]) -> dict[tuple[str, ...], int]:
    """Return the roles that the text gives to one person only, with that person."""
    borne: defaultdict[tuple[str, ...], set[int]] = defaultdict(set)
    for cluster, keys in roles.items():
        for key in keys:
            borne[key].add(cluster)
    return {key: next(iter(clusters)) for key, clusters in borne.items() if len(clusters) == 1}


def _named_by_noun(cast: Cast, data: NameData) -> dict[tuple[str, ...], int]:
    """Return the organisation nouns that end the name of one organisation only, with that organisation."""
    nouns = data.organisation_nouns - data.company_suffixes  # "the group" is any group, also where one is named so
    borne: defaultdict[str, set[int]] = defaultdict(set)
    for index, cluster in enumerate(cast.clusters):
        noun = cluster.words[-1]
        if cluster.entity_type in ("ORG", "FAC") and len(cluster.words) > 1 and noun in nouns:
            borne[noun].add(index)
    return {(noun,): next(iter(clusters)) for noun, clusters in borne.items() if len(clusters) == 1}


def _shown_gender(
    cluster: Cluster, roles: Iterable[tuple[str, ...]], data: NameData, kb: KnowledgeBase
) -> tuple[Gender | None, GenderMethod]:
    """Return what honorific, role and forename show, in this order. What pronouns show comes later."""
    if cluster.entity_type != "PERSON":
        return None, "none"
    override = kb.override_of(cluster.name)
    if override is not None and override.gender:
        return override.gender, "none"
    if len(cluster.honorifics) == 1:
        return next(iter(cluster.honorifics)), "honorific"
    shown = {data.roles[word] for key in roles for word in key if data.roles.get(word)}
    if len(shown) == 1:
        return shown.pop(), "role"
    forename = data.forenames.get(cluster.words[0]) if len(cluster.words) > 1 else None
    return forename, "forename" if forename else "none"


def _resolve(
    tokens: Tokens,
    marked: tuple[Marked, ...],
    data: NameData,
    known: tuple[tuple[Name, ...], Cast, list[tuple[int, int, int]]],
    genders: list[tuple[Gender | None, GenderMethod]],
) -> tuple[tuple[Resolved, ...], Mapping[int, Gender]]:
    """Return the pronouns, and the gender that they give each cluster."""
    names, cast, nominal = known
    named: dict[int, tuple[int, int | None]] = {first: (last, cluster) for first, last, cluster in nominal}
    named |= {name.first: (name.last, link.cluster) for name, link in zip(names, cast.links, strict=True)}
    reader = PronounReader(
        tokens,
        data,
        [cluster.entity_type for cluster in cast.clusters],
        lambda cluster: genders[cluster][0],
        _inside(tokens, marked),
    )
    resolved = reader.read(named)
    heard = {c: gender for c in range(len(cast.clusters)) if (gender := reader.heard_gender(c))}
    return resolved, heard


def _inside(tokens: Tokens, marked: tuple[Marked, ...]) -> Callable[[int], bool]:
    parts = sorted(part for each in marked for part in each.parts)
    starts = [start for start, _ in parts]

    def inside(token: int) -> bool:
        place = bisect_right(starts, tokens.start[token]) - 1
        return place >= 0 and tokens.start[token] < parts[place][1]

    return inside


def _who(
    identity: Identity, shown: tuple[Gender | None, GenderMethod], heard: Gender | None, *, infer_gender: bool
) -> _Who:
    is_person = identity.entity_type == "PERSON"
    gender, method = _gender(shown, heard) if is_person and infer_gender else (None, None)
    return _Who(identity, gender, method)


def _gender(shown: tuple[Gender | None, GenderMethod], heard: Gender | None) -> tuple[Gender, GenderMethod]:
    """Return the gender by the best evidence: honorific, pronoun, role, forename; U where nothing shows it."""
    gender, method = shown
    if gender and (method in ("honorific", "none") or heard is None):
        return gender, method
    if heard is not None:
        return heard, "pronoun"
    return "U", "none"


def _name_mentions(tokens: Tokens, names: tuple[Name, ...], cast: Cast, data: NameData) -> Iterator[_Mention]:
    for name, link in zip(names, cast.links, strict=True):
        is_person = link.cluster is not None and cast.clusters[link.cluster].entity_type == "PERSON"
        span = role_of(tokens, name, data) if is_person else None
        role = tokens.span(*span) if span else None
        yield _Mention(name.first, name.last, "name", link, name.label, title_of(tokens, name), role)


def _pronoun_mention(resolved: Resolved) -> _Mention:
    method: LinkMethod = "none" if resolved.cluster is None else "pronoun"
    label = "PERSON" if resolved.pronoun.kind in _PERSONAL else UNRESOLVED
    link = Link(resolved.cluster, method, resolved.confidence)
    return _Mention(resolved.token, resolved.token, "pronoun", link, label)


def _entity(tokens: Tokens, index: int, mention: _Mention, who: list[_Who], kb: KnowledgeBase) -> Entity:
    known = None if mention.link.cluster is None else who[mention.link.cluster]
    identity = known.identity if known else None
    text = tokens.span(mention.first, mention.last)
    is_people = mention.kind == "name" and mention.label == "NORP"
    return Entity(
        entity_index=index,
        entity_text=text,
        start_char=tokens.start[mention.first],
        end_char=tokens.end[mention.last],
        mention_kind=mention.kind,
        entity_type=identity.entity_type if identity else mention.label,
        cluster_index=mention.link.cluster,
        entity_id=identity.entity_id if identity else None,
        entity_name=identity.name if identity else None,
        title_text=mention.title,
        role_text=mention.role,
        country_code=(identity.country if identity else None) or (kb.country_of(text) if is_people else None),
        gender=known.gender if known else None,
        gender_method=known.gender_method if known else None,
        qid=identity.qid if identity else None,
        qid_confidence=identity.confidence if identity else None,
        kb_version=None,
        sentence_index=tokens.sentence[mention.first],
        paragraph_index=tokens.block[mention.first],
        block_kind=tokens.kind(mention.first),
        quote_index=None,
        link_method=mention.link.method,
        confidence=mention.link.confidence,
    )


def link_quotes(entities: tuple[Entity, ...], quotes: tuple[Quote, ...], data: NameData) -> tuple[Entity, ...]:
    """Return the entities with the quote that each stands in, and I and my in a quote linked to its speaker.

    We and our are linked to a speaker that is an organisation, and left open for a person's.
    """
    first_of = {e.cluster_index: e for e in reversed(entities) if e.cluster_index is not None}
    starts = [quote.start_char for quote in quotes]
    found = []
    for entity in entities:
        place = bisect_right(starts, entity.start_char) - 1
        quote = quotes[place] if place >= 0 and entity.start_char < quotes[place].end_char else None
        found.append(entity if quote is None else _in_quote(entity, quote, first_of, data))
    return tuple(found)


def _in_quote(entity: Entity, quote: Quote, first_of: Mapping[int, Entity], data: NameData) -> Entity:
    entity = replace(entity, quote_index=quote.quote_index)
    pronoun = data.pronouns.get(entity.entity_text.lower()) if entity.mention_kind == "pronoun" else None
    cluster = quote.speaker_cluster_index
    speaker = None if cluster is None else first_of.get(cluster)
    marked = any(start <= entity.start_char < end for start, end in quote.parts)
    wanted = "speaker" if quote.speaker_kind == "person" else "speakers"
    if pronoun is None or speaker is None or not marked or pronoun.kind != wanted:
        return entity
    return replace(
        entity,
        entity_type=speaker.entity_type,
        cluster_index=speaker.cluster_index,
        entity_id=speaker.entity_id,
        entity_name=speaker.entity_name,
        country_code=speaker.country_code,
        gender=speaker.gender,
        gender_method=speaker.gender_method,
        qid=speaker.qid,
        qid_confidence=speaker.qid_confidence,
        kb_version=speaker.kb_version,
        link_method="speaker",
        confidence=quote.confidence,
    )
