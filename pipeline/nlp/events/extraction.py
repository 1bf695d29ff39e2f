"""Event extraction: triggers, frames, participants, modality, time, place and coreference of an article's events."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from operator import attrgetter
from typing import Any

from newslake.pipeline.kb import KnowledgeBase
from newslake.pipeline.model import Article, Entity, Event, Quote, TimeExpression
from newslake.pipeline.model.annotation import ArgumentBasis, Modality
from newslake.pipeline.nlp.events.arguments import Roles, customary_actors, name_speakers, roles_of, without
from newslake.pipeline.nlp.events.classifier import EventCandidate, probabilities
from newslake.pipeline.nlp.events.coreference import (
    Mention,
    first_mentions,
    repeated_in_lead,
    saliences,
)
from newslake.pipeline.nlp.events.dates import dates_of
from newslake.pipeline.nlp.events.facts import PARTICIPANT, EventDate, date_main, event_date_of, share_facts
from newslake.pipeline.nlp.events.lead import LEAD_RULE, Lead, days_of, lead_of, main_triggers_of, name_untyped
from newslake.pipeline.nlp.events.modality import modality_of
from newslake.pipeline.nlp.events.parse import Parse, parse_of
from newslake.pipeline.nlp.events.participants import Participant
from newslake.pipeline.nlp.events.places import (
    Dateline,
    EventPlace,
    coordinates_of,
    find_dateline,
    place_of,
    sentences_with_places,
)
from newslake.pipeline.nlp.events.speech_acts import SpeechAct, read_judgements, read_speech_acts
from newslake.pipeline.nlp.events.trigger_filters import drop_content, drop_passing_mentions
from newslake.pipeline.nlp.events.triggers import Trigger, drop_type, find_triggers, pattern_objects
from newslake.pipeline.nlp.languages.plover import DEEDS, QUAD_CLASSES, plover_type_of
from newslake.pipeline.nlp.languages.spec_events import FrameData, HasFrames
from newslake.pipeline.nlp.times.values import reference_date
from newslake.pipeline.nlp.tokens import Tokens

_LEAD = 2  # sentences
_NEAR = 2  # sentences between an act and the answer to it
_ANSWERS = frozenset({"AGREE", "REJECT"})
_START = attrgetter("start_char")
_JUDGING = frozenset({"ACCUSE", "SUPPORT", "REJECT"})
_UNTYPED = 0.3  # confidence of an event without a type


@dataclass(frozen=True, slots=True)
class _EventContext:
    parse: Parse
    data: FrameData
    quotes: tuple[Quote, ...]
    published: date | None
    dates: Mapping[int, TimeExpression]
    typed: frozenset[int]  # trigger tokens
    dateline: Dateline
    placed: int | None  # trigger token of the event that the dateline places
    kb: KnowledgeBase | None
    lead: Lead
    main: Trigger | None
    prominence: Counter[int]


@dataclass(frozen=True, slots=True)
class _EventDraft:
    trigger: Trigger
    roles: Roles
    when: EventDate
    place: EventPlace | None
    mention: Mention
    confidence: float = _UNTYPED


def extract_events(  # noqa: PLR0913 - an event depends on all earlier annotations
    tokens: Tokens,
    article: Article,
    entities: tuple[Entity, ...],
    quotes: tuple[Quote, ...],
    times: tuple[TimeExpression, ...],
    language: HasFrames,
    *,
    kb: KnowledgeBase | None = None,
    with_untyped: bool = True,
) -> tuple[tuple[Event, ...], tuple[Event, ...]]:
    """Return the typed events and the untyped ones (empty unless ``with_untyped``), each in reading order.

    ``kb`` gives the coordinates of places. ``coref_event_index`` is the ``event_index`` of a typed event, and for an
    untyped event its position among the untyped ones.
    """
    parse, data = parse_of(tokens, article, entities, times, language.frames, kb=kb), language.frames
    triggers, acts = _triggers_of(parse, data)
    lead = lead_of(parse, article)
    mains = main_triggers_of(parse, lead, triggers, data)
    main = mains[0] if mains else None
    if is_named := main is not None and main.frame is None:
        triggers = name_untyped(parse, triggers, mains, data)
    roles = _all_roles(parse, [t for t in triggers if with_untyped or t.frame is not None], data)
    roles |= {index: _roles_of_act(parse, act, roles[index], data) for index, act in acts.items() if index in roles}
    involved = {index for index, who in roles.items() if "clause" in (who.actor_basis, who.recipient_basis)}
    triggers = drop_passing_mentions(parse, triggers, involved, data)
    dateline, published = find_dateline(article, entities), reference_date(article)
    context = _EventContext(
        parse,
        data,
        quotes,
        published,
        dates_of(parse, triggers, times, data, published=published, dateline=dateline.end),
        frozenset(t.index for t in triggers if t.frame is not None),
        dateline,
        _datelined(parse, triggers, dateline, data),
        kb,
        lead,
        main,
        Counter(e.cluster_index for e in entities if e.cluster_index is not None),
    )
    wanted = [trigger for trigger in triggers if with_untyped or trigger.frame is not None]
    drafts = [_draft(context, trigger, _voiced(context, trigger, roles[trigger.index])) for trigger in wanted]
    if main is not None and is_named and main.index in context.typed:
        drafts = _keep_main(drafts, main)
    drafts = _classify(context, drafts, with_untyped=with_untyped)
    return _build_typed(context, drafts), _build_untyped(context, drafts)


def _triggers_of(parse: Parse, data: FrameData) -> tuple[tuple[Trigger, ...], Mapping[int, SpeechAct]]:
    """Return the triggers, and the speech acts by trigger token."""
    triggers, acts = read_speech_acts(parse, find_triggers(parse, data), data)
    return drop_content(parse, read_judgements(parse, triggers, data), data), acts


def _datelined(parse: Parse, triggers: Sequence[Trigger], dateline: Dateline, data: FrameData) -> int | None:
    """Return the first event that happened in a main clause of the lead, after the dateline; None without one."""
    if dateline.place is None:
        return None
    last = parse.sentence[parse.token_at(dateline.end)] + _LEAD
    for trigger in triggers:
        if parse.sentence[trigger.index] >= last:
            return None
        word = parse.head[trigger.index] if parse.dep[trigger.index] == "dobj" else trigger.index
        main = parse.dep[word] in ("ROOT", "conj") and trigger.start >= dateline.end
        if main and trigger.frame is not None:
            return trigger.index if modality_of(parse, trigger.index, data.modality) == "happened" else None
    return None


def _classify(context: _EventContext, drafts: Sequence[_EventDraft], *, with_untyped: bool) -> list[_EventDraft]:
    """Return the drafts with the classifier's confidence. One that is no event of its type loses the type, or goes."""
    rated = _rate(context, drafts)
    least = context.data.classifier.least
    main = None if context.main is None else context.main.index
    likely = {index for index, chance in rated.items() if chance >= (least / 2 if index == main else least)}
    outcomes = []
    for draft in drafts:
        index = draft.trigger.index
        if index in likely:
            confidence = round(rated[index], 2)
            outcomes.append(_EventDraft(draft.trigger, draft.roles, draft.when, draft.place, draft.mention, confidence))
        elif index not in rated:
            outcomes.append(draft)
        elif with_untyped:
            trigger = drop_type(draft.trigger)
            outcomes.append(_draft(context, trigger, roles_of(context.parse, trigger, context.data)))
    return outcomes


def _rate(context: _EventContext, drafts: Sequence[_EventDraft]) -> dict[int, float]:
    """Return the probability of each draft with a type, by its token."""
    candidates = [
        EventCandidate(
            draft.trigger,
            draft.trigger.frame,
            draft.roles,
            draft.mention.modality,
            is_dated=draft.when.text is not None,
            is_placed=draft.place is not None,
            is_in_quote=_quote_at(context, draft.trigger) is not None,
        )
        for draft in drafts
        if draft.trigger.frame is not None
    ]
    chances = probabilities(context.parse, candidates, context.data)
    return {candidate.trigger.index: chance for candidate, chance in zip(candidates, chances, strict=True)}


def _build_typed(context: _EventContext, drafts: Sequence[_EventDraft]) -> tuple[Event, ...]:
    typed = [draft for draft in drafts if draft.trigger.frame is not None]
    mentions = [draft.mention for draft in typed]
    firsts = first_mentions(mentions)
    main = _first_of_main(context, typed, firsts)
    weights = saliences(mentions, firsts, context.prominence, main)
    events = [
        _event(context, draft, event_index=index, coref_event_index=first, salience=weight, is_main=first == main)
        for index, (draft, first, weight) in enumerate(zip(typed, firsts, weights, strict=True))
    ]
    shared = share_facts(events, _pronouns(context.parse, typed), sentences_with_places(context.parse))
    shared = _with_customary_actors(context, shared, typed)
    shared = _with_doers(context, shared, typed)
    mine = {draft.trigger.index for draft, first in zip(typed, firsts, strict=True) if first == main}
    return _date_by_lead(context, shared, typed, mine) if context.published is not None else shared


def _with_customary_actors(
    context: _EventContext, events: Sequence[Event], typed: Sequence[_EventDraft]
) -> tuple[Event, ...]:
    """Return the events; one that happened and whose actor no mention tells has the customary one."""
    pairs = [(event, draft.trigger, draft.roles.recipients) for event, draft in zip(events, typed, strict=True)]
    open_ones = [each for event, each, _ in pairs if event.actor_text is None and event.modality == "happened"]
    actors = customary_actors(context.parse, open_ones, context.data)
    done = []
    for event, trigger, recipients in pairs:
        who = without(actors.get(trigger.index, ()), recipients)
        done.append(replace(event, **_actor_fields(who, "context")) if who else event)
    return tuple(done)


def _with_doers(context: _EventContext, events: Sequence[Event], typed: Sequence[_EventDraft]) -> tuple[Event, ...]:
    """Return the events; a judgement of a deed without a recipient is of who did it, as another mention tells."""
    at = {draft.trigger.index: event for event, draft in zip(events, typed, strict=True)}
    done = []
    for event, draft in zip(events, typed, strict=True):
        thing = context.parse.patients.get(draft.trigger.index) if event.event_type in _JUDGING else None
        deed = None if thing is None or event.recipient_text is not None else at.get(thing)
        if deed is None or deed.actor_text is None or deed.actor_cluster_index == event.actor_cluster_index:
            done.append(event)
            continue
        who = {f"recipient_{name}": getattr(deed, f"actor_{name}") for name in PARTICIPANT}
        done.append(replace(event, **who, recipients=deed.actors, recipient_basis="context"))
    return tuple(done)


def _date_by_lead(
    context: _EventContext, events: tuple[Event, ...], typed: Sequence[_EventDraft], mine: Collection[int]
) -> tuple[Event, ...]:
    """Return the events; an undated main event gets the day of the lead. ``mine`` are its triggers."""
    parse, saying = context.parse, context.data.modality.saying
    days = days_of(context.lead, context.dates)
    others = {draft.trigger.index for draft in typed}.difference(mine)
    others |= parse.governors_of_all(mine)  # "remembered the attack on Monday"
    # what somebody said on Monday may have happened before
    is_done = any(each.is_main and each.event_type in DEEDS for each in events)
    free = [time for root, time in days if root not in others and not (is_done and parse.lemma[root] in saying)]
    return date_main(
        events,
        [_lead_date(time) for time in free],
        published=context.published,
        is_news=not days
        and {parse.sentence[index] for index in mine}.isdisjoint(parse.sentence[each] for each in parse.in_time),
    )


def _lead_date(time: TimeExpression) -> EventDate:
    return replace(event_date_of(time), basis="lead")


def _first_of_main(context: _EventContext, typed: Sequence[_EventDraft], firsts: Sequence[int]) -> int | None:
    """Return the first mention of the main event; without an event at the core of the lead, one of a repeated event."""
    if context.main is not None:
        matches = (
            first for draft, first in zip(typed, firsts, strict=True) if draft.trigger.index == context.main.index
        )
        return next(matches, None)
    return repeated_in_lead([draft.mention for draft in typed], firsts)


def _pronouns(parse: Parse, drafts: Sequence[_EventDraft]) -> frozenset[str]:
    """Return the texts of the participants that are pronouns without a name."""
    who = (each for draft in drafts for each in (*draft.roles.actors, *draft.roles.recipients))
    return frozenset(each.text.lower() for each in who if parse.pos[each.index] == "PRON" and each.name is None)


def _keep_main(drafts: Sequence[_EventDraft], main: Trigger) -> list[_EventDraft]:
    """Return the drafts; those that only have the verb of the main event lose their type."""
    frame = next(draft.trigger.frame for draft in drafts if draft.trigger.index == main.index)
    alike = [draft for draft in drafts if draft.trigger.frame is frame]
    firsts = first_mentions([draft.mention for draft in alike])
    of_main = next(first for draft, first in zip(alike, firsts, strict=True) if draft.trigger.index == main.index)
    others = {draft.trigger.index for draft, first in zip(alike, firsts, strict=True) if first != of_main}
    return [_untyped(draft) if draft.trigger.index in others else draft for draft in drafts]


def _untyped(draft: _EventDraft) -> _EventDraft:
    return replace(draft, trigger=drop_type(draft.trigger), mention=replace(draft.mention, event_type=None))


def _build_untyped(context: _EventContext, drafts: Sequence[_EventDraft]) -> tuple[Event, ...]:
    untyped = [draft for draft in drafts if draft.trigger.frame is None]
    firsts = first_mentions([draft.mention for draft in untyped])
    return tuple(
        _event(context, draft, event_index=-1, coref_event_index=first, salience=0.0, is_main=False)
        for draft, first in zip(untyped, firsts, strict=True)
    )


def _all_roles(parse: Parse, triggers: Sequence[Trigger], data: FrameData) -> dict[int, Roles]:
    """Return the participants by trigger token. A noun that depends on a meeting gets the meeting's participants."""
    at = {trigger.index: trigger for trigger in triggers}
    roles_at = {trigger.index: roles_of(parse, trigger, data) for trigger in triggers}
    for trigger in triggers:
        if trigger.is_noun and trigger.frame is not None and roles_at[trigger.index].actor_basis != "clause":
            roles_at[trigger.index] = _from_meeting(parse, trigger, at, roles_at)
    for place, trigger in enumerate(triggers):
        roles_at[trigger.index] = _answered(parse, trigger, triggers[:place], roles_at, data)
    return roles_at


def _answered(
    parse: Parse, trigger: Trigger, before: Sequence[Trigger], roles_at: Mapping[int, Roles], data: FrameData
) -> Roles:
    """Return the roles; who rejects or accepts "the offer" of the sentence before does so to its actor."""
    roles = roles_at[trigger.index]
    thing = None if trigger.is_noun or trigger.frame is None else parse.patients.get(trigger.index)
    if thing is None or roles.recipients or trigger.frame is None or trigger.frame.event_type not in _ANSWERS:
        return roles
    if not parse.has_word(thing, data.modality.definite_words) or parse.child(thing, "poss", "prep", "acl"):
        return roles
    kinds = {frame.event_type for frame in data.noun_index.get(parse.lemma[thing], ())}
    for each in reversed(before):
        if parse.sentence[trigger.index] - parse.sentence[each.index] > _NEAR:
            break
        if each.frame is not None and each.frame.event_type in kinds and each.index != thing:
            whom = without(roles_at[each.index].actors, roles.actors)
            return replace(roles, recipients=whom, recipient_basis="context") if whom else roles
    return roles


def _roles_of_act(parse: Parse, act: SpeechAct, roles: Roles, data: FrameData) -> Roles:
    """Return the participants of a speech act: the speaker, and who is addressed, accused or threatened."""
    if act.recipient is None:
        return roles
    index = act.content
    frame = act.content_frame
    inner = roles_of(parse, Trigger(index, parse.start[index], parse.end[index], False, frame), data)
    whom = (inner.actors or inner.recipients) if act.recipient == "doer" else inner.recipients
    return replace(roles, recipients=without(whom, roles.actors))


def _from_meeting(parse: Parse, trigger: Trigger, at: Mapping[int, Trigger], roles_at: Mapping[int, Roles]) -> Roles:
    """Return the participants of "talks" in "meet in Oslo for talks": those of the meeting."""
    roles = roles_at[trigger.index]
    governor = _governor(parse, trigger, at)
    if governor is None or governor.frame is None or trigger.frame is None or not trigger.frame.reciprocal:
        return roles
    if governor.frame.event_type != trigger.frame.event_type:
        return roles
    outer = roles_at[governor.index]
    return Roles(outer.actors + outer.recipients, roles.recipients, outer.actor_basis, roles.recipient_basis)


def _governor(parse: Parse, trigger: Trigger, at: Mapping[int, Trigger]) -> Trigger | None:
    index = trigger.index
    for _ in range(3):
        if parse.dep[index] != "pobj":
            return None
        index = parse.head[parse.head[index]]
        if index in at:
            return at[index]
    return None


def _voiced(context: _EventContext, trigger: Trigger, roles: Roles) -> Roles:
    """Return the roles, with the speaker of the quote for "we" and "I"."""
    spoken = context.data.speaker_pronouns
    if not any(p.text.lower() in spoken for p in (*roles.actors, *roles.recipients)):
        return roles
    quote = _quote_at(context, trigger)
    if quote is None or quote.quote_type == "indirect":
        return roles
    named = context.parse.named.get(quote.speaker_cluster_index) if quote.speaker_cluster_index is not None else None
    return name_speakers(roles, named, quote.speaker_name or quote.speaker_text, context.data)


def _draft(context: _EventContext, trigger: Trigger, roles: Roles) -> _EventDraft:
    parse, data, index = context.parse, context.data, trigger.index
    time = context.dates.get(index)
    modality = trigger.modality or modality_of(parse, index, data.modality)
    if modality == "happened" and _is_future(time, context.published) and not _is_reported_as_past(parse, index):
        modality = "planned"
    when = event_date_of(time, modality, context.published)
    taken = frozenset(p.index for p in roles.actors + roles.recipients)
    place = _place(context, trigger, taken) if trigger.frame else None
    entity = place.entity if place else None
    return _EventDraft(trigger, roles, when, place, _mention(context, trigger, roles, when, entity, modality))


def _place(context: _EventContext, trigger: Trigger, taken: frozenset[int]) -> EventPlace | None:
    return place_of(
        context.parse,
        trigger,
        context.data,
        taken,
        events=context.typed,
        kb=context.kb,
        dateline=context.dateline if trigger.index == context.placed else None,
    )


def _is_reported_as_past(parse: Parse, index: int) -> bool:
    return parse.tag[index] == "VBD" or (parse.tag[index] == "VBN" and parse.child(index, "nsubj") is not None)


def _mention(
    context: _EventContext, trigger: Trigger, roles: Roles, when: EventDate, place: Entity | None, modality: Modality
) -> Mention:
    parse, data = context.parse, context.data
    index, frame = trigger.index, trigger.frame
    actors = [p.entity.cluster_index if p.entity else None for p in roles.actors]
    recipients = [p.entity.cluster_index if p.entity else None for p in roles.recipients]
    clusters = frozenset(c for c in actors + recipients if c is not None)
    return Mention(
        event_type=frame.event_type if frame else None,
        event_mode=frame.mode if frame else None,
        modality=modality,
        lemma=_event_lemma(parse, trigger, data),
        start=trigger.start,
        sentence=parse.sentence[index],
        first_day=when.first,
        last_day=when.last,
        place=place,
        clusters=clusters,
        actor_cluster=actors[0] if actors else None,
        recipient_cluster=recipients[0] if recipients else None,
        in_headline=parse.headline[index],
        in_lead=parse.sentence[index] in context.lead.sentences,
        is_generic=trigger.is_noun
        and parse.tag[index] == "NNS"
        and not clusters
        and when.precision != "day"
        and _is_bare(parse, index),
        is_new=_is_new(parse, trigger, roles, data),
        is_known=_is_known(parse, trigger, data),
        is_noun=trigger.is_noun,
    )


def _event_lemma(parse: Parse, trigger: Trigger, data: FrameData) -> str:
    """Return the lemma of a trigger, or of the event noun that it carries: "complaint" of "filed a complaint"."""
    if trigger.frame is not None and trigger.frame.rule_id.endswith(LEAD_RULE):
        return trigger.frame.lemma  # the light verb of the main event is a mention of its noun
    thing = None if trigger.is_noun or trigger.frame is None else parse.patients.get(trigger.index)
    if thing is not None and trigger.frame is not None:
        lemma = parse.lemma[thing]
        if lemma in data.noun_index and lemma in pattern_objects(trigger.frame):
            return lemma
    return parse.lemma[trigger.index]


def _is_new(parse: Parse, trigger: Trigger, roles: Roles, data: FrameData) -> bool:
    """Return whether a word says that this is not the event named before: "another attack", "a second man"."""
    heads = [trigger.index, *[each.index for each in roles.recipients]]
    return any(parse.has_word(head, data.distinguishing) for head in heads)


def _is_known(parse: Parse, trigger: Trigger, data: FrameData) -> bool:
    """Return whether a word refers to an event named before: "the crash", "two were wounded in the attack"."""
    if trigger.is_noun:
        return parse.has_word(trigger.index, data.modality.definite_words)
    return any(parse.has_word(noun, data.modality.definite_words) for noun in _occasions(parse, trigger, data))


def _occasions(parse: Parse, trigger: Trigger, data: FrameData) -> Iterator[int]:
    """Yield the nouns in which a verb happens that may name an event of its type: "wounded in the attack"."""
    for preposition in parse.children[trigger.index]:
        if parse.dep[preposition] == "prep" and parse.lower[preposition] in data.attachment.occasions:
            for noun in parse.children[preposition]:
                kinds = {frame.event_type for frame in data.noun_index.get(parse.lemma[noun], ())}
                if trigger.frame is not None and trigger.frame.event_type in kinds:
                    yield noun


def _is_bare(parse: Parse, index: int) -> bool:
    return parse.child(index, "det", "poss", "nummod", "compound", "nmod", "prep") is None


def _event(
    context: _EventContext,
    draft: _EventDraft,
    *,
    event_index: int,
    coref_event_index: int,
    salience: float,
    is_main: bool,
) -> Event:
    trigger, roles, mention = draft.trigger, draft.roles, draft.mention
    place = mention.place
    kind, frame = mention.event_type, trigger.frame
    point = coordinates_of(place, context.kb) if place and context.kb else None
    return Event(
        event_index=event_index,
        event_type=kind,
        event_subtype=frame.subtype if frame else None,
        event_mode=mention.event_mode,
        quad_class=QUAD_CLASSES.get(kind) if kind else None,
        plover_type=plover_type_of(kind, mention.modality),
        modality=mention.modality,
        trigger_text=context.parse.text[trigger.start : trigger.end],
        start_char=trigger.start,
        end_char=trigger.end,
        **_actor_fields(roles.actors, roles.actor_basis),
        **_participant_fields("recipient", roles.recipients),
        recipient_basis=roles.recipient_basis,
        recipients=_names(roles.recipients),
        **_when_fields(draft.when),
        place_text=place.entity_text if place else None,
        place_entity_id=place.entity_id if place else None,
        place_country=place.country_code if place else None,
        place_lat=point[0] if point else None,
        place_lon=point[1] if point else None,
        place_basis=draft.place.basis if draft.place else None,
        attributed_to_entity_id=_speaker(context, trigger),
        sentence_index=mention.sentence,
        coref_event_index=coref_event_index,
        salience=salience,
        is_main=is_main,
        confidence=draft.confidence,
        rule_id=frame.rule_id if frame else f"{mention.lemma}>none",
    )


def _is_future(time: TimeExpression | None, published: date | None) -> bool:
    return bool(time and time.first_day and published and time.first_day > published)


_PARTICIPANT = {
    role: [f"{role}_{name}" for name in ("text", "cluster_index", "entity_id", "name", "country", "sector")]
    for role in ("actor", "recipient")
}


def _participant_fields(role: str, who: tuple[Participant, ...]) -> dict[str, Any]:
    if not who:
        return dict.fromkeys(_PARTICIPANT[role])
    first, entity = who[0], who[0].entity
    cluster, entity_id = (entity.cluster_index, entity.entity_id) if entity else (None, None)
    values = (first.text, cluster, entity_id, first.name, first.country, first.sector)
    return dict(zip(_PARTICIPANT[role], values, strict=True))


def _actor_fields(who: tuple[Participant, ...], basis: ArgumentBasis | None) -> dict[str, Any]:
    return {**_participant_fields("actor", who), "actors": _names(who), "actor_basis": basis}


def _names(who: tuple[Participant, ...]) -> tuple[str, ...]:
    return tuple(p.label for p in who) if len(who) > 1 else ()


def _when_fields(when: EventDate) -> dict[str, Any]:
    return {
        "event_date": when.first,
        "event_date_end": when.last,
        "event_date_precision": when.precision,
        "event_date_text": when.text,
        "event_date_basis": when.basis,
        "event_date_note": when.note,
    }


def _speaker(context: _EventContext, trigger: Trigger) -> str | None:
    quote = _quote_at(context, trigger)
    return quote.speaker_entity_id if quote else None


def _quote_at(context: _EventContext, trigger: Trigger) -> Quote | None:
    place = bisect_right(context.quotes, trigger.start, key=_START) - 1
    return context.quotes[place] if place >= 0 and trigger.start < context.quotes[place].end_char else None
