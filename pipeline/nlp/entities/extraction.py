"""Entity mentions: every name, pronoun and role noun of an article, with its cluster, gender, country and identity."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from newslake.pipeline.kb import KnowledgeBase
from newslake.pipeline.model import Entity, Quote
from newslake.pipeline.model.annotation import CountryMethod, Gender, GenderMethod, LinkMethod, MentionKind
from newslake.pipeline.nlp.coref.name_clusters import Link
from newslake.pipeline.nlp.coref.plurals import GroupMention
from newslake.pipeline.nlp.coref.pronouns import PronounResolution
from newslake.pipeline.nlp.coref.resolver import Coreference, resolve_coreference
from newslake.pipeline.nlp.coref.roles import title_of
from newslake.pipeline.nlp.entities.linking import Identity, link_entities, with_kb_versions
from newslake.pipeline.nlp.languages.spec import NameData
from newslake.pipeline.nlp.quotes.quotation_marks import QuotedText
from newslake.pipeline.nlp.tokens import Tokens

_PERSONAL = frozenset({"person", "speaker", "speakers"})
_WRITING = frozenset({"speaker", "speakers"})
UNRESOLVED = "UNKNOWN"
AUTHOR = "AUTHOR"


@dataclass(frozen=True, slots=True)
class _EntityProfile:
    """What all mentions of one entity share. Only persons have a gender."""

    identity: Identity
    gender: Gender | None
    gender_method: GenderMethod | None


class _EntityMention(NamedTuple):
    first: int
    last: int
    kind: MentionKind
    link: Link
    label: str
    title: str | None = None
    role: str | None = None
    members: tuple[int, ...] = ()


def find_entities(
    tokens: Tokens, quoted: QuotedText, data: NameData, kb: KnowledgeBase, *, infer_gender: bool
) -> tuple[Entity, ...]:
    """Return the mentions of the article, in reading order and without overlaps.

    A mention of several entities has their clusters in ``group_cluster_indexes`` and no single cluster. Until
    ``link_quotes``, no mention has a ``quote_index``, and I and we are unresolved. A pleonastic or unresolved pronoun
    has no cluster; its type is AUTHOR for I and we of running text outside quotation marks, PERSON if its form shows
    another person, else UNKNOWN. With ``infer_gender`` every PERSON has a gender; else the gender columns stay None,
    and the evidence in the text still helps to resolve pronouns.
    """
    coreference = resolve_coreference(tokens, quoted.inside, data, kb)
    who = [
        _profile(
            identity, coreference.gender_from_name[i], coreference.gender_from_pronoun.get(i), infer_gender=infer_gender
        )
        for i, identity in enumerate(link_entities(tokens, coreference, data, kb))
    ]
    answers = coreference.interview.answers if coreference.interview else frozenset()

    def is_marked(token: int) -> bool:
        # A headline may quote without marks, and an interview has none.
        return quoted.inside[token] or not tokens.is_body[token] or tokens.block[token] in answers

    several = {each.first for each in coreference.group_mentions}
    mentions = [
        *_name_mentions(tokens, coreference),
        *(_group_mention(each, who) for each in coreference.group_mentions),
        *(_pronoun_mention(tokens, is_marked, each) for each in coreference.pronouns if each.token not in several),
    ]
    mentions.sort(key=lambda mention: mention.first)
    entities = with_kb_versions([_entity(tokens, i, m, who, coreference, kb) for i, m in enumerate(mentions)], kb)
    return tuple(_with_gender(entity, data) for entity in entities) if infer_gender else entities


def _with_gender(entity: Entity, data: NameData) -> Entity:
    """Return a person without a cluster with the gender of its pronoun, else U: "she", "the two ministers"."""
    if entity.entity_type != "PERSON" or entity.gender is not None:
        return entity
    pronoun = data.pronouns.get(entity.entity_text.lower()) if entity.mention_kind == "pronoun" else None
    shown = pronoun.gender if pronoun else None
    return replace(entity, gender=shown or "U", gender_method="pronoun" if shown else "none")


def _profile(
    identity: Identity,
    gender_from_name: tuple[Gender | None, GenderMethod],
    gender_from_pronoun: Gender | None,
    *,
    infer_gender: bool,
) -> _EntityProfile:
    is_person = identity.entity_type == "PERSON"
    gender, method = _gender(gender_from_name, gender_from_pronoun) if is_person and infer_gender else (None, None)
    return _EntityProfile(identity, gender, method)


def _gender(
    gender_from_name: tuple[Gender | None, GenderMethod], gender_from_pronoun: Gender | None
) -> tuple[Gender, GenderMethod]:
    """Return the gender by the best evidence: honorific, pronoun, role, forename; U without evidence."""
    gender, method = gender_from_name
    if gender and (method in ("honorific", "none") or gender_from_pronoun is None):
        return gender, method
    if gender_from_pronoun is not None:
        return gender_from_pronoun, "pronoun"
    return "U", "none"


def _name_mentions(tokens: Tokens, coreference: Coreference) -> Iterator[_EntityMention]:
    for name, link, span in zip(coreference.names, coreference.chains.links, coreference.roles, strict=True):
        role = tokens.span(*span) if span else None
        yield _EntityMention(name.first, name.last, "name", link, name.label, title_of(tokens, name), role)


def _group_mention(group: GroupMention, who: list[_EntityProfile]) -> _EntityMention:
    method: LinkMethod = "pronoun" if group.kind == "pronoun" else "role"
    is_one = len(group.members) == 1
    link = Link(group.members[0] if is_one else None, method, group.confidence)
    members = () if is_one else group.members
    return _EntityMention(
        group.first, group.last, group.kind, link, who[group.members[0]].identity.entity_type, members=members
    )


def _pronoun_mention(tokens: Tokens, is_marked: Callable[[int], bool], resolved: PronounResolution) -> _EntityMention:
    is_first_person = resolved.pronoun.kind in _WRITING
    method: LinkMethod = "none" if resolved.cluster is None else "speaker" if is_first_person else "pronoun"
    label = "PERSON" if resolved.pronoun.kind in _PERSONAL else UNRESOLVED
    if is_first_person and not is_marked(resolved.token):
        label = AUTHOR
    link = Link(resolved.cluster, method, resolved.confidence)
    return _EntityMention(resolved.token, resolved.token, "pronoun", link, label)


def _entity(
    tokens: Tokens,
    index: int,
    mention: _EntityMention,
    who: list[_EntityProfile],
    coreference: Coreference,
    kb: KnowledgeBase,
) -> Entity:
    known = None if mention.link.cluster is None else who[mention.link.cluster]
    identity = known.identity if known else None
    text = tokens.span(mention.first, mention.last)
    country, method = _country(mention, text, known, coreference, kb)
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
        honorific_text=mention.title,
        role_text=mention.role,
        country_code=country,
        country_method=method,
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
        group_cluster_indexes=mention.members or None,
        group_entity_ids=tuple(who[member].identity.entity_id for member in mention.members) or None,
    )


def _country(
    mention: _EntityMention, text: str, known: _EntityProfile | None, coreference: Coreference, kb: KnowledgeBase
) -> tuple[str | None, CountryMethod | None]:
    """Return the country of a mention's entity, by the best evidence.

    A correction is better than a nationality in the text, the knowledge base, and other evidence in the text.
    """
    identity = known.identity if known else None
    stated = None if mention.link.cluster is None else coreference.countries.get(mention.link.cluster)
    if identity is not None and identity.is_country_corrected:
        return identity.country, "override"
    if stated is not None and stated[1] == "nationality":
        return stated
    if identity is not None and identity.country:
        return identity.country, "kb"
    if stated is not None:
        return stated
    code = kb.country_of(text) if mention.kind == "name" and mention.label == "NORP" else None
    return code, "name" if code else None


def link_quotes(
    entities: tuple[Entity, ...], quotes: tuple[Quote, ...], data: NameData, *, infer_gender: bool
) -> tuple[Entity, ...]:
    """Return the entities with the quote that contains each; I and my in a quote are linked to its speaker.

    We and our are linked to a speaker that is an organisation; if the speaker is a person they stay unresolved. With
    ``infer_gender`` every PERSON then has a gender.
    """
    first_of = {e.cluster_index: e for e in reversed(entities) if e.cluster_index is not None}
    starts = [quote.start_char for quote in quotes]
    mentions = []
    for entity in entities:
        place = bisect_right(starts, entity.start_char) - 1
        quote = quotes[place] if place >= 0 and entity.start_char < quotes[place].end_char else None
        mentions.append(
            entity if quote is None else _in_quote(entity, quote, first_of, data, infer_gender=infer_gender)
        )
    return tuple(mentions)


def _in_quote(
    entity: Entity, quote: Quote, first_of: Mapping[int, Entity], data: NameData, *, infer_gender: bool
) -> Entity:
    pronoun = data.pronouns.get(entity.entity_text.lower()) if entity.mention_kind == "pronoun" else None
    cluster = quote.speaker_cluster_index
    speaker = None if cluster is None else first_of.get(cluster)
    marked = any(start <= entity.start_char < end for start, end in quote.quoted_spans)
    if marked and entity.entity_type == AUTHOR:  # the words of a statement without quotation marks
        person = replace(entity, entity_type="PERSON")
        entity = _with_gender(person, data) if infer_gender else person
    wanted = "speaker" if quote.speaker_kind == "person" else "speakers"
    if pronoun is None or speaker is None or not marked or pronoun.kind != wanted:
        return replace(entity, quote_index=quote.quote_index)
    return replace(
        entity,
        quote_index=quote.quote_index,
        entity_type=speaker.entity_type,
        cluster_index=speaker.cluster_index,
        entity_id=speaker.entity_id,
        entity_name=speaker.entity_name,
        country_code=speaker.country_code,
        country_method=speaker.country_method,
        gender=speaker.gender,
        gender_method=speaker.gender_method,
        qid=speaker.qid,
        qid_confidence=speaker.qid_confidence,
        kb_version=speaker.kb_version,
        link_method="speaker",
        confidence=quote.confidence,
    )
