"""Annotations of an article as views: its events, quotes and entities, with the corrections that a person may make."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from newslake.pipeline.model.corrections import (
    name_lines,
    name_to_correct,
    no_quote_lines,
    place_of_article,
    place_of_quote,
    speaker_lines,
)
from newslake.pipeline.tables.spec import Row

# The label of each modality; only the first is a fact that the article reports.
MODALITIES = {
    "happened": "happened",
    "planned": "planned",
    "hypothetical": "hypothetical",
    "negated": "negated (denied or did not happen)",
}
# The word after the trigger; an event that happened has no word.
MODALITY_WORDS = {"happened": "", "planned": "planned", "hypothetical": "hypothetical", "negated": "negated"}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """One event. ``number`` counts from 1; ``span`` is its trigger, code points of the text, half-open.

    ``participant_clusters`` are the clusters of actor and recipient in the list of names. ``summary`` is its type and
    participants in one line, "CONSULT · May → Macron". A missing value is "".
    """

    number: int
    row: str
    kind: str
    summary: str
    modality: str
    modality_text: str
    trigger: str
    span: tuple[int, int]
    actor: str
    recipient: str
    participant_clusters: tuple[int, ...]
    when: str
    dated_by: str
    place: str
    how: str
    same_as: int | None


def build_events(events: Sequence[Row]) -> tuple[EventView, ...]:
    """Return the events of an article, in reading order."""
    return tuple(map(_event_view, sorted(events, key=lambda row: int(row["event_index"]))))


def _event_view(row: Row) -> EventView:
    first = row["coref_event_index"]
    clusters = (row["actor_cluster_index"], row["recipient_cluster_index"])
    return EventView(
        number=row["event_index"] + 1,
        row=f"{row['article_id']}:events:{row['event_index']}",
        kind=" / ".join(filter(None, [row["event_type"], row["event_subtype"], row["event_mode"]])),
        summary=_event_summary(row),
        modality=row["modality"],
        modality_text=MODALITIES[row["modality"]],
        trigger=row["trigger_text"],
        span=(row["start_char"], row["end_char"]),
        actor=_participant(row, "actor"),
        recipient=_participant(row, "recipient"),
        participant_clusters=tuple(dict.fromkeys(each for each in clusters if each is not None)),
        when=_days(row),
        dated_by=_dated_by(row),
        place=_coded(row["place_text"], row["place_country"]),
        how=f"rule {row['rule_id']}, confidence {row['confidence']:.2f}, salience {row['salience']:.2f}",
        same_as=first + 1 if first != row["event_index"] else None,
    )


def _event_summary(row: Row) -> str:
    kind = row["event_type"] if row["event_type"] != "OTHER" else row["event_subtype"] or "OTHER"
    actor, recipient = _participant_names(row, "actor"), _participant_names(row, "recipient")
    names = " → ".join(filter(None, (actor, recipient))) if actor else f"→ {recipient}" if recipient else ""
    return " · ".join(filter(None, (kind, names)))


def _participant_names(row: Row, side: str) -> str:
    return " + ".join(row[f"{side}s"]) or row[f"{side}_name"] or row[f"{side}_text"] or ""


def _participant(row: Row, side: str) -> str:
    names = _participant_names(row, side)
    return _coded(names, row[f"{side}_country"], row[f"{side}_sector"])


def _coded(words: str | None, *codes: str | None) -> str:
    known = ", ".join(filter(None, codes))
    return f"{words} ({known})" if words and known else words or ""


def _days(row: Row) -> str:
    days = [str(day) for day in dict.fromkeys((row["event_date"], row["event_date_end"])) if day is not None]
    return " to ".join(days)


_BASES = {
    "explicit": "explicit in the text",
    "relative": "relative to the published day",
    "coref": "from another mention of the event",
    "lead": "from the lead",
    "publication": "the published day",
    None: "",
}


def _dated_by(row: Row) -> str:
    """Return the basis of the date: the expression in the text, its precision, and how it was resolved."""
    words = f"“{row['event_date_text']}”" if row["event_date_text"] else ""
    exact = row["event_date_precision"] if row["event_date"] is not None else ""
    unresolved = "not resolved" if words and row["event_date"] is None else ""
    parts = [words, unresolved, exact and f"precision {exact}", _BASES[row["event_date_basis"]], row["event_date_note"]]
    return ", ".join(filter(None, parts))


# Placeholders in corrections, to be replaced by a person.
_SOMEBODY, _ITEM = "Full Name", "Q0"


@dataclass(frozen=True, slots=True)
class Correction:
    """A correction that a person may make: ``lines`` for ``overrides.toml``, with a placeholder name or item."""

    description: str
    lines: str


def quote_corrections(article: Row, quotes: Sequence[Row]) -> tuple[tuple[Correction, ...], ...]:
    """Return the corrections of each quote, in the order of the rows, which must be all quotes of the article."""
    where = place_of_article(article["article_id"], article["url"])
    texts = [row["quote_text"] for row in quotes]
    return tuple(_quote_correction(article["text"], row, texts, at, where) for at, row in enumerate(quotes))


def _quote_correction(text: str, row: Row, texts: Sequence[str], at: int, where: str) -> tuple[Correction, ...]:
    marked = next((text[part["start_char"] : part["end_char"]] for part in row["quoted_spans"]), "")
    place = place_of_quote(texts, at, marked=marked)
    if place is None:
        return ()
    return (
        Correction(
            'To change the speaker, put these lines into overrides.toml (write "" for an unknown speaker)',
            speaker_lines(place, article=where, speaker=_SOMEBODY),
        ),
        Correction("To remove this quote, put these lines into overrides.toml", no_quote_lines(place, article=where)),
    )


def name_corrections(article: Row, name: str | None, mentions: Iterable[str]) -> tuple[Correction, ...]:
    """Return the corrections of one entity; ``mentions`` are the texts of its mentions by name."""
    printed = name_to_correct(name, mentions)
    if printed is None:
        return ()
    where = place_of_article(article["article_id"], article["url"])
    return (
        Correction(
            'To change the Wikidata id, put these lines into overrides.toml (write "" for a name without an id)',
            name_lines(printed, article=where, qid=_ITEM),
        ),
    )


Span = tuple[int, int]
_CUE_REACH = 200  # code points on either side of a quote in which its cue is searched
UNNAMED_SPEAKER = "unknown speaker"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteView:
    """One quote. ``number`` counts from 1; spans are code points of the text, half-open.

    ``row`` is the name of its row for `newslake why`. ``speaker`` is a name, else the text of the mention, else
    ``UNNAMED_SPEAKER``; ``speaker_cluster`` is the speaker's ``cluster_index``; ``co_speaker_ids`` are the known
    ``entity_id``s of the co-speakers. ``quoted_spans`` are inside quotation marks. ``cue_span`` is the cue nearest to
    the quote: the tables have its text, not its offsets.
    """

    number: int
    row: str
    kind: str
    text: str
    span: Span
    quoted_spans: tuple[Span, ...]
    is_closed: bool
    speaker: str
    speaker_span: Span | None
    speaker_cluster: int | None
    co_speakers: tuple[str, ...]
    co_speaker_ids: frozenset[str]
    reported_by: str
    role: str
    gender: str
    cue: str
    cue_span: Span | None
    stance: str
    addressee: str
    medium: str
    how: str
    corrections: tuple[Correction, ...]


def build_quotes(article: Row, quotes: Sequence[Row]) -> tuple[QuoteView, ...]:
    """Return the quotes of an article, in reading order."""
    rows = sorted(quotes, key=lambda row: int(row["quote_index"]))
    corrections = quote_corrections(article, rows)
    return tuple(_quote_view(article, row, corrections[at]) for at, row in enumerate(rows))


def _quote_view(article: Row, row: Row, corrections: tuple[Correction, ...]) -> QuoteView:
    span = (row["start_char"], row["end_char"])
    has_mention = row["speaker_start_char"] is not None
    return QuoteView(
        number=row["quote_index"] + 1,
        row=f"{row['article_id']}:quotes:{row['quote_index']}",
        kind=row["quote_type"],
        text=" ".join(row["quote_text"].split()),
        span=span,
        quoted_spans=tuple((part["start_char"], part["end_char"]) for part in row["quoted_spans"]),
        is_closed=row["is_closed"],
        speaker=row["speaker_name"] or row["speaker_text"] or UNNAMED_SPEAKER,
        speaker_span=(row["speaker_start_char"], row["speaker_end_char"]) if has_mention else None,
        speaker_cluster=row["speaker_cluster_index"],
        co_speakers=tuple(each["name"] or each["text"] for each in row["co_speakers"] or ()),
        co_speaker_ids=frozenset(each["entity_id"] for each in row["co_speakers"] or () if each["entity_id"]),
        reported_by=row["reported_by_name"] or row["reported_by_text"] or "",
        role=row["speaker_role"] or "",
        gender=describe_gender(row["speaker_gender"], row["speaker_gender_method"]),
        cue=row["cue_text"] or "",
        cue_span=_cue_span(article["text"], row),
        stance=row["cue_stance"] or "",
        addressee=row["addressee_text"] or "",
        medium=row["medium_text"] or "",
        how=f"rule {row['rule_id']}, confidence {row['confidence']:.2f}",
        corrections=corrections,
    )


_GENDERS = {"F": "female", "M": "male", "U": "gender unknown"}


def describe_gender(gender: str | None, method: str | None) -> str:
    """Return the label of a gender with its method; "" if the entity is not a person."""
    if gender is None:
        return ""
    return f"{_GENDERS[gender]} (by {method})" if method and method != "none" else _GENDERS[gender]


def _cue_span(text: str, row: Row) -> Span | None:
    """Return the span of the cue: its occurrence nearest to the quote, outside its quotation marks; None if absent."""
    if not row["cue_text"]:
        return None
    start, end = row["start_char"], row["end_char"]
    words = re.compile(rf"\b{re.escape(row['cue_text'])}\b")
    spans = [match.span() for match in words.finditer(text, max(start - _CUE_REACH, 0), end + _CUE_REACH)]
    parts = [(part["start_char"], part["end_char"]) for part in row["quoted_spans"]] or [(start, end)]
    outside = [span for span in spans if not any(span[0] < last and first < span[1] for first, last in parts)]
    return min(outside, key=lambda span: max(start - span[1], span[0] - end, 0), default=None)


EntityGroup = Literal["person", "organisation", "place", "nationality", "other"]
_GROUPS: dict[str, EntityGroup] = {
    "PERSON": "person",
    "AUTHOR": "person",
    "ORG": "organisation",
    "NORP": "nationality",
    "GPE": "place",
    "LOC": "place",
    "FAC": "place",
}
_LIST_PATHS = {"PERSON": "people", "ORG": "organisations"}


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityCard:
    """One entity. ``cluster`` is its ``cluster_index``; ``forms`` are its mentions with counts, most frequent first.

    ``blocks`` are the numbers, from 1, of the blocks that mention it. ``linked_by`` counts its mentions by link method.
    ``quotes`` are the quotes that it speaks, also as co-speaker, ``event_numbers`` the events that it takes part in.
    ``person`` is the person of other articles whose surname it is; "" for others. ``entity_id`` is the id of its page
    in Newsroom, and ``list_path`` the list of that page; "" for an entity without a page.
    """

    cluster: int
    entity_id: str
    list_path: str
    group: EntityGroup
    name: str
    kind: str
    person: str
    gender: str
    titles: tuple[str, ...]
    roles: tuple[str, ...]
    country: str
    item: str
    forms: tuple[tuple[str, int], ...]
    linked_by: tuple[tuple[str, int], ...]
    with_others: int
    blocks: tuple[int, ...]
    quotes: tuple[QuoteView, ...]
    event_numbers: tuple[int, ...]
    corrections: tuple[Correction, ...]

    @property
    def mentions(self) -> int:
        """Number of mentions of it alone."""
        return sum(number for _, number in self.forms)


def entity_group(entity_type: str) -> EntityGroup:
    """Return the list that an entity is shown in."""
    return _GROUPS.get(entity_type, "other")


def build_entity_cards(
    article: Row,
    entities: Sequence[Row],
    quotes: Sequence[QuoteView],
    events: Sequence[EventView],
    *,
    links: Sequence[Row] = (),
) -> tuple[EntityCard, ...]:
    """Return the entities of an article: the speakers by their first quote, then the others by first mention.

    ``links`` are the person links of the article.
    """
    rows_of: dict[int, list[Row]] = {}
    shared = Counter[int]()
    for row in sorted(entities, key=lambda row: int(row["entity_index"])):
        if row["cluster_index"] is not None:
            rows_of.setdefault(row["cluster_index"], []).append(row)
        shared.update(row["group_cluster_indexes"] or ())
    quotes_of = _quotes_by_cluster(rows_of, quotes)
    event_numbers: dict[int, list[int]] = {}
    for event in events:
        for cluster in event.participant_clusters:
            event_numbers.setdefault(cluster, []).append(event.number)
    linked = {row["cluster_index"]: row for row in links}
    return tuple(
        _entity_card(
            article,
            rows_of[cluster],
            link=linked.get(cluster),
            quotes=quotes_of.get(cluster, []),
            event_numbers=event_numbers.get(cluster, []),
            with_others=shared[cluster],
        )
        for cluster in dict.fromkeys([*quotes_of, *rows_of])
    )


def _quotes_by_cluster(rows_of: Mapping[int, Sequence[Row]], quotes: Sequence[QuoteView]) -> dict[int, list[QuoteView]]:
    """Return the quotes of each cluster of the article that says one, as speaker or co-speaker."""
    clusters = {rows[0]["entity_id"]: cluster for cluster, rows in rows_of.items()}
    quotes_of: dict[int, list[QuoteView]] = {}
    for quote in quotes:
        others = sorted(clusters[each] for each in quote.co_speaker_ids if each in clusters)
        for cluster in dict.fromkeys((quote.speaker_cluster, *others)):
            if cluster is not None and cluster in rows_of:
                quotes_of.setdefault(cluster, []).append(quote)
    return quotes_of


def _entity_card(
    article: Row,
    rows: Sequence[Row],
    *,
    link: Row | None,
    quotes: Sequence[QuoteView],
    event_numbers: Sequence[int],
    with_others: int,
) -> EntityCard:
    known = rows[0]
    names = [row["entity_text"] for row in rows if row["mention_kind"] == "name"]
    sure = f" (confidence {known['qid_confidence']:.2f})" if known["qid_confidence"] is not None else ""
    by = f" (by {known['country_method']})" if known["country_method"] else ""
    return EntityCard(
        cluster=known["cluster_index"],
        entity_id=link["person_id"] if link else known["entity_id"] or "",
        list_path=_LIST_PATHS.get(known["entity_type"], ""),
        group=entity_group(known["entity_type"]),
        name=known["entity_name"] or known["entity_text"],
        kind=known["entity_type"],
        person=f"in other articles {link['person_name']} ({link['method']})" if link else "",
        gender=describe_gender(known["gender"], known["gender_method"]),
        titles=_distinct(rows, "honorific_text"),
        roles=_distinct(rows, "role_text"),
        country=f"country {known['country_code']}{by}" if known["country_code"] else "",
        item=f"Wikidata {known['qid']}{sure}" if known["qid"] else "no Wikidata id",
        forms=tuple(Counter(row["entity_text"] for row in rows).most_common()),
        linked_by=tuple(Counter(row["link_method"] for row in rows).most_common()),
        with_others=with_others,
        blocks=tuple(dict.fromkeys(row["paragraph_index"] + 1 for row in rows)),
        quotes=tuple(quotes),
        event_numbers=tuple(event_numbers),
        corrections=name_corrections(article, known["entity_name"], names),
    )


def _distinct(rows: Sequence[Row], column: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row[column] for row in rows if row[column]))
