"""The annotation of an article: entities, quotes, events and time expressions.

Field names are the columns of the tables. Offsets are code points into ``Article.text``, half-open, and
``text[start_char:end_char]`` is always the recorded text. Mentions of one entity in the article share a
``cluster_index``. None means that the text does not say.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

MentionKind = Literal["name", "pronoun", "nominal"]
Gender = Literal["F", "M", "U"]
GenderMethod = Literal["honorific", "pronoun", "role", "forename", "none"]
LinkMethod = Literal[
    "exact", "surname", "acronym", "alias", "apposition", "role", "pronoun", "speaker", "group", "none"
]
CountryMethod = Literal["name", "nationality", "role", "affiliation", "birthplace", "office", "kb", "override"]
QuoteType = Literal["direct", "mixed", "indirect"]
CueStance = Literal["neutral", "distance", "approval"]
SpeakerKind = Literal["person", "organisation", "unnamed", "document", "author"]
Modality = Literal["happened", "planned", "hypothetical", "negated"]
DatePrecision = Literal["day", "week", "month", "quarter", "year", "unknown"]
DateBasis = Literal["explicit", "relative", "coref", "lead", "publication"]
ArgumentBasis = Literal["clause", "context", "coref"]
PlaceBasis = Literal["clause", "sentence", "coref", "dateline"]
TimexType = Literal["DATE", "TIME", "DURATION", "SET"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One mention. ``entity_type`` is an OntoNotes name (PERSON, ORG, GPE, ...), one for the whole cluster.

    ``entity_id`` is comparable across articles; ``quote_index`` is the quote that contains the mention.
    ``qid_confidence``, 0 to 1, is for the link to the knowledge base. ``kb_version`` identifies what the knowledge
    base and the corrections say about the names of this entity; None if nothing. Only a person has a ``gender``.
    ``confidence``, 0 to 1, is for the link to its cluster. A mention of several entities ("the two leaders") is
    alone in its cluster; ``group_cluster_indexes`` lists theirs.
    """

    entity_index: int
    entity_text: str
    start_char: int
    end_char: int
    mention_kind: MentionKind
    entity_type: str
    cluster_index: int | None
    entity_id: str | None
    entity_name: str | None
    honorific_text: str | None
    role_text: str | None
    country_code: str | None
    gender: Gender | None
    gender_method: GenderMethod | None
    qid: str | None
    qid_confidence: float | None
    kb_version: str | None
    sentence_index: int
    paragraph_index: int
    block_kind: str
    quote_index: int | None
    link_method: LinkMethod
    confidence: float
    country_method: CountryMethod | None = None
    group_cluster_indexes: tuple[int, ...] | None = None
    group_entity_ids: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CoSpeaker:
    """Somebody who says the same words as the first speaker: "Ana Brito and Lin Okafor said"."""

    text: str
    name: str | None
    entity_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """One reported statement, from the first quotation mark to the last, also over several paragraphs.

    ``quoted_spans`` are its spans in quotation marks as (start, end) pairs. ``is_closed`` is False if the closing mark
    is missing. ``word_count`` counts the words of ``quote_text``. ``co_speakers`` are the others of several speakers,
    else None. ``reported_by_*`` is who says that the speaker said it; None if it is the article. ``reporting_clause_*``
    is what interrupts the statement (", she said,"), with its commas or dashes. ``speaker_candidate`` is who most
    likely said it, if that is too unsure; the other ``speaker_*`` are None then. ``confidence`` is the probability that
    the speaker, or this candidate, is right.
    """

    quote_index: int
    quote_type: QuoteType
    quote_text: str
    start_char: int
    end_char: int
    quoted_spans: tuple[tuple[int, int], ...]
    is_closed: bool
    cue_text: str | None
    cue_lemma: str | None
    cue_stance: CueStance | None
    speaker_text: str | None
    speaker_start_char: int | None
    speaker_end_char: int | None
    speaker_cluster_index: int | None
    speaker_entity_id: str | None
    speaker_name: str | None
    speaker_kind: SpeakerKind | None
    speaker_gender: Gender | None
    speaker_gender_method: GenderMethod | None
    speaker_role: str | None
    addressee_text: str | None
    medium_text: str | None
    paragraph_index: int
    word_count: int
    confidence: float
    rule_id: str
    co_speakers: tuple[CoSpeaker, ...] | None = None
    speaker_candidate: str | None = None
    reported_by_text: str | None = None
    reported_by_start_char: int | None = None
    reported_by_end_char: int | None = None
    reported_by_entity_id: str | None = None
    reported_by_name: str | None = None
    reporting_clause_text: str | None = None
    reporting_clause_start_char: int | None = None
    reporting_clause_end_char: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One typed event mention. Types, modes and quads are PLOVER's names (0.8), plus OTHER.

    ``actors`` and ``recipients`` list the names if there are several, and are empty otherwise.
    Mentions of one event have the same ``coref_event_index``; they share date, place and participants, and the columns
    ``*_basis`` say where a mention has them from. A basis is None without a value. ``salience`` is 0 to 1.
    ``is_main`` is True for all mentions of the main event; an article has at most one main event.
    """

    event_index: int
    event_type: str | None
    event_subtype: str | None
    event_mode: str | None
    quad_class: int | None
    plover_type: str | None
    modality: Modality
    trigger_text: str
    start_char: int
    end_char: int
    actor_text: str | None
    actor_cluster_index: int | None
    actor_entity_id: str | None
    actor_name: str | None
    actor_country: str | None
    actor_sector: str | None
    actor_basis: ArgumentBasis | None
    recipient_text: str | None
    recipient_cluster_index: int | None
    recipient_entity_id: str | None
    recipient_name: str | None
    recipient_country: str | None
    recipient_sector: str | None
    recipient_basis: ArgumentBasis | None
    actors: tuple[str, ...]
    recipients: tuple[str, ...]
    event_date: date | None
    event_date_end: date | None
    event_date_precision: DatePrecision
    event_date_text: str | None
    event_date_basis: DateBasis | None
    event_date_note: str | None
    place_text: str | None
    place_entity_id: str | None
    place_country: str | None
    place_lat: float | None
    place_lon: float | None
    place_basis: PlaceBasis | None
    attributed_to_entity_id: str | None
    sentence_index: int
    coref_event_index: int
    salience: float
    is_main: bool
    confidence: float
    rule_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeExpression:
    """A time expression in the text. ``value`` is TIMEX3 ("2017-06-13", "2017-W24", "P3D"), None if unresolved.

    ``first_day`` and ``last_day`` are its bounds, inclusive; both None if unresolved: ``note`` says why. ``basis`` is
    "explicit", "relative" or None.
    """

    timex_type: TimexType
    timex_text: str
    start_char: int
    end_char: int
    value: str | None
    first_day: date | None
    last_day: date | None
    precision: DatePrecision
    basis: DateBasis | None
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """All annotations of one article, each tuple in reading order.

    ``events`` are the typed ones, which become rows. ``untyped`` are events with a trigger without a type
    (``event_type`` None, ``event_index`` -1): no rows, only for `newslake annotate`. ``override_version`` identifies
    the applied quote corrections; None without corrections.
    """

    entities: tuple[Entity, ...] = ()
    quotes: tuple[Quote, ...] = ()
    events: tuple[Event, ...] = ()
    untyped: tuple[Event, ...] = ()
    times: tuple[TimeExpression, ...] = ()
    override_version: str | None = None


# Why words name no event.


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmetFrame:
    """A frame of a word, and the first of its needs that is not met (``pipeline/nlp/languages/spec_events.py``)."""

    rule_id: str
    need: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WordExplanation:
    """Why a verb, or a noun of the lexicon, names no typed event. ``frames`` are in the order in which they are tried.

    ``reason`` is null if no frame of the lemma is met.
    """

    text: str
    start_char: int
    end_char: int
    reason: str | None
    frames: tuple[UnmetFrame, ...]
