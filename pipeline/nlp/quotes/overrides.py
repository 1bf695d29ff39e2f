"""Manual corrections of extracted quotes: another speaker, or not a quote."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from newslake.pipeline.kb import KnowledgeBase, QuoteOverride
from newslake.pipeline.kb.entry import fold_name
from newslake.pipeline.model import Entity, Quote
from newslake.pipeline.model.annotation import Gender, GenderMethod, SpeakerKind
from newslake.pipeline.model.corrections import matching_quotes
from newslake.pipeline.nlp.coref.name_clusters import entity_hash
from newslake.pipeline.nlp.quotes.speakers import kind_of_speaker, kind_of_type

RULE = "override"


@dataclass(frozen=True, slots=True)
class UnmatchedOverride:
    """An override that changes nothing in its article, and the reason."""

    override: QuoteOverride
    why: str


@dataclass(frozen=True, slots=True)
class QuoteOverrideResult:
    """An article's corrected quotes, renumbered, and the overrides that match no quote."""

    quotes: tuple[Quote, ...]
    unmatched: tuple[UnmatchedOverride, ...]


@dataclass(frozen=True, slots=True)
class _OverrideSpeaker:
    """The speaker that an override names. ``mentions`` are those in the article; it may have none."""

    mentions: tuple[Entity, ...]
    cluster_index: int | None
    entity_id: str
    name: str
    kind: SpeakerKind
    gender: Gender | None
    gender_method: GenderMethod | None


def correct_quotes(
    quotes: tuple[Quote, ...], entities: tuple[Entity, ...], kb: KnowledgeBase, *, infer_gender: bool
) -> QuoteOverrideResult:
    """Return the corrected quotes. An override that matches no quote, or several, changes nothing.

    A corrected quote has the rule "override" and confidence 1. If the mention next to it names another entity, the
    nearest name of the right entity replaces it. It has no co-speakers, and its reporter is never its speaker.
    """
    if not kb.quote_overrides:
        return QuoteOverrideResult(quotes, ())
    texts = [quote.quote_text for quote in quotes]
    changes: dict[int, Quote | None] = {}
    unmatched = []
    for override in kb.quote_overrides:
        place = _place(texts, override)
        if isinstance(place, int) and place in changes:
            place = "another override of this article matches the same quote; remove one of them"
        got = _apply_override(quotes[place], entities, override, kb) if isinstance(place, int) else place
        if isinstance(got, str):
            unmatched.append(UnmatchedOverride(override, got))
        elif isinstance(place, int):
            changes[place] = got if got is None or infer_gender else _without_gender(got)
    corrected = (changes.get(index, quote) for index, quote in enumerate(quotes))
    numbered = enumerate(quote for quote in corrected if quote is not None)
    return QuoteOverrideResult(tuple(replace(quote, quote_index=index) for index, quote in numbered), tuple(unmatched))


def _without_gender(quote: Quote) -> Quote:
    return replace(quote, speaker_gender=None, speaker_gender_method=None)


def _place(texts: Sequence[str], override: QuoteOverride) -> int | str:
    """Return the position of the quote that matches, or the reason why none does."""
    matches = matching_quotes(texts, override.words)
    if not matches:
        return "no quote of the article contains these words"
    if override.occurrence is not None:
        is_there = override.occurrence <= len(matches)
        return matches[override.occurrence - 1] if is_there else f"only {len(matches)} quotes contain these words"
    if len(matches) > 1:
        return f"{len(matches)} quotes contain these words; give more words, or occurrence"
    return matches[0]


def _apply_override(
    quote: Quote, entities: Sequence[Entity], override: QuoteOverride, kb: KnowledgeBase
) -> Quote | str | None:
    """Return the quote with its new speaker, None if it is not a quote, or the reason why no speaker fits."""
    if not override.is_quote:
        return None
    if override.speaker == "":
        return _set_speaker(quote, None, entities)
    speaker = _speaker(override, entities, kb)
    return speaker if isinstance(speaker, str) else _set_speaker(quote, speaker, entities)


def _speaker(override: QuoteOverride, entities: Sequence[Entity], kb: KnowledgeBase) -> _OverrideSpeaker | str:
    names = [each for each in entities if each.mention_kind == "name" and each.cluster_index is not None]
    if override.entity_type is not None:
        names = [each for each in names if each.entity_type == override.entity_type]
    clusters = list(dict.fromkeys(each.cluster_index for each in _matching_mentions(override, names)))
    if len(clusters) > 1:
        return f"{len(clusters)} entities of the article match {override.speaker or override.qid!r}; give a fuller name"
    if clusters:
        return _speaker_of_article([each for each in entities if each.cluster_index == clusters[0]], override)
    return _speaker_outside_article(override, kb)


def _matching_mentions(override: QuoteOverride, names: Sequence[Entity]) -> Sequence[Entity]:
    """Return the mentions that an override means: by QID, else by full name, else by another form of the name."""
    if override.qid is not None:
        return [each for each in names if each.qid == override.qid]
    wanted = fold_name(override.speaker or "")
    full = [each for each in names if fold_name(each.entity_name or "") == wanted]
    return full or [each for each in names if fold_name(each.entity_text) == wanted]


def _speaker_of_article(mentions: Sequence[Entity], override: QuoteOverride) -> _OverrideSpeaker:
    first = next(each for each in mentions if each.mention_kind == "name")
    gender, method = first.gender, first.gender_method
    if override.gender is not None and first.entity_type == "PERSON":
        gender, method = override.gender, "none"
    return _OverrideSpeaker(
        mentions=tuple(mentions),
        cluster_index=first.cluster_index,
        entity_id=first.entity_id or "",
        name=first.entity_name or first.entity_text,
        kind=kind_of_speaker(first),
        gender=gender,
        gender_method=method,
    )


def _speaker_outside_article(override: QuoteOverride, kb: KnowledgeBase) -> _OverrideSpeaker | str:
    """Return a speaker whom the article does not name."""
    entry = kb.entry_of(override.qid) if override.qid is not None and override.speaker is None else None
    name = override.speaker or (entry.name if entry else None)
    if name is None:
        return f"{override.qid} is neither in the article nor in the knowledge base; give speaker as well"
    entity_type = override.entity_type or (entry.entity_type if entry else "PERSON")
    is_person = entity_type == "PERSON"
    return _OverrideSpeaker(
        mentions=(),
        cluster_index=None,
        entity_id=override.qid or entity_hash(name, entity_type),
        name=name,
        kind=kind_of_type(entity_type),
        gender=(override.gender or "U") if is_person else None,
        gender_method="none" if is_person else None,
    )


def _set_speaker(quote: Quote, speaker: _OverrideSpeaker | None, entities: Sequence[Entity]) -> Quote:
    text, start, end = _nearest_mention(quote, speaker, entities)
    if speaker is not None and speaker.entity_id == quote.reported_by_entity_id:
        quote = _without_reporter(quote)
    roles = (each.role_text for each in speaker.mentions if each.role_text) if speaker else iter(())
    return replace(
        quote,
        speaker_text=text,
        speaker_start_char=start,
        speaker_end_char=end,
        speaker_cluster_index=speaker.cluster_index if speaker else None,
        speaker_entity_id=speaker.entity_id if speaker else None,
        speaker_name=speaker.name if speaker else None,
        speaker_kind=speaker.kind if speaker else None,
        speaker_gender=speaker.gender if speaker else None,
        speaker_gender_method=speaker.gender_method if speaker else None,
        speaker_role=next(roles, None),
        speaker_candidate=None,
        confidence=1.0,
        rule_id=RULE,
        co_speakers=None,
    )


def _without_reporter(quote: Quote) -> Quote:
    return replace(
        quote,
        reported_by_text=None,
        reported_by_start_char=None,
        reported_by_end_char=None,
        reported_by_entity_id=None,
        reported_by_name=None,
    )


def _nearest_mention(
    quote: Quote, speaker: _OverrideSpeaker | None, entities: Sequence[Entity]
) -> tuple[str | None, int | None, int | None]:
    """Return the mention next to the quote, unless it names another entity; otherwise the nearest name."""
    start, end = quote.speaker_start_char, quote.speaker_end_char
    if speaker is None:
        return None, None, None
    if start is not None and end is not None and not _names_another(speaker, entities, start, end):
        return quote.speaker_text, start, end
    names = [each for each in speaker.mentions if each.mention_kind == "name"]
    outside = [each for each in names if not quote.start_char <= each.start_char < quote.end_char]
    if not outside:
        return None, None, None
    near = min(outside, key=lambda each: (_distance(each, quote), each.start_char))
    return near.entity_text, near.start_char, near.end_char


def _names_another(speaker: _OverrideSpeaker, entities: Sequence[Entity], start: int, end: int) -> bool:
    """Return whether these offsets contain a name that is not the speaker's."""
    names = [e for e in entities if e.mention_kind == "name" and e.start_char < end and start < e.end_char]
    return bool(names) and not any(each.cluster_index == speaker.cluster_index for each in names)


def _distance(mention: Entity, quote: Quote) -> int:
    return max(quote.start_char - mention.end_char, mention.start_char - quote.end_char)
