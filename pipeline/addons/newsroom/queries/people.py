"""People and organisations: a list with counts, and everything that the tables say of one of them.

A person is a `person_id`: the `entity_id` of the full name, also where an article has only the surname
(`person_links`). An organisation is an `entity_id`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from newslake.pipeline.query.connection import Connection, connect, query
from newslake.pipeline.store.table_files import LakePlace

PAGE_SIZE = 50
QUOTES = 25  # of one page
_MOST = 20  # rows of each other list of a page
EntityKind = Literal["person", "organisation"]
PeriodStep = Literal["day", "week", "month"]
ENTITY_TYPES: Mapping[EntityKind, str] = {"person": "PERSON", "organisation": "ORG"}
_IDS = {"person": "person_id", "organisation": "entity_id"}
_SPEAKER_IDS = {"person": "speaker_person_id", "organisation": "speaker_entity_id"}
_NAMES = {"person": "person_name", "organisation": "entity_name"}
# The name of an entity is the one that most mentions have. Mentions are counted, not articles: to count articles would
# take as long as all the rest.
_LIST_SQL = """\
WITH named AS (
  SELECT {id} AS entity_id, coalesce({name}, entity_text) AS name, count(*) AS mentions
  FROM entities WHERE entity_type = getvariable('type') AND {id} IS NOT NULL GROUP BY ALL
),
mentioned AS (
  SELECT entity_id, arg_max(name, (mentions, name)) AS name, sum(mentions)::BIGINT AS mentions FROM named
  GROUP BY entity_id
  HAVING getvariable('name') IS NULL OR bool_or(contains(lower(name), lower(getvariable('name'))))
),
said AS (
  SELECT {speaker} AS entity_id, count(*) AS quotes, max(published_date) AS last_quoted
  FROM quotes WHERE speaker_kind = getvariable('kind') AND {speaker} IS NOT NULL GROUP BY {speaker}
)
SELECT entity_id, name, coalesce(quotes, 0) AS quoted, mentions, last_quoted
FROM mentioned LEFT JOIN said USING (entity_id)
WHERE getvariable('quotes') IS NULL
  OR (-quoted, -mentions, entity_id) > (-getvariable('quotes'), -getvariable('mentions'), getvariable('id'))
ORDER BY quoted DESC, mentions DESC, entity_id LIMIT {limit}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityFilter:
    """Published days ``first`` to ``last``, and each other field that is not None. ``name`` is a part of a name."""

    kind: EntityKind
    first: date
    last: date
    name: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class EntitySummary:
    """A person or organisation with the number of its quotes and mentions."""

    entity_id: str
    name: str
    quote_count: int
    mention_count: int
    last_quoted: date | None


@dataclass(frozen=True, slots=True)
class EntityCursor:
    """The last entry of a page of the list."""

    quote_count: int
    mention_count: int
    entity_id: str


def find_entities(
    lake: LakePlace, filters: EntityFilter, *, after: EntityCursor | None = None
) -> tuple[tuple[EntitySummary, ...], bool]:
    """Return the next ``PAGE_SIZE`` people or organisations, most quotes first, and whether there are more."""
    kind = filters.kind
    variables: dict[str, object] = {"type": ENTITY_TYPES[kind], "kind": kind, "name": filters.name}
    if after is not None:
        variables |= {"quotes": after.quote_count, "mentions": after.mention_count, "id": after.entity_id}
    sql = _LIST_SQL.format(id=_IDS[kind], name=_NAMES[kind], speaker=_SPEAKER_IDS[kind], limit=PAGE_SIZE + 1)
    with connect(lake, since=filters.first, until=filters.last, source=filters.source) as connection:
        for name, value in variables.items():
            connection.execute(f"SET VARIABLE {name} = ?", [value])
        rows = query(connection, sql).rows
    entities = tuple(EntitySummary(*row) for row in rows)  # type: ignore[arg-type]
    return entities[:PAGE_SIZE], len(entities) > PAGE_SIZE


# One person or organisation. Its mentions and quotes are read once, into small tables.

# Of a person: rows with its id that no link gives to another person, and rows that a link gives to it.
_ALL_LINKS = """\
CREATE TEMP TABLE all_links AS
SELECT article_id, revision_id, cluster_index, person_id, person_name, method, confidence, published_date
FROM person_links"""
_LINKS = "CREATE TEMP TABLE links AS SELECT * FROM all_links WHERE person_id = $1"
_MENTIONS = """\
CREATE TEMP TABLE mentions AS
SELECT article_id, revision_id, cluster_index, entity_id AS stored_id, entity_text, entity_name, mention_kind,
  role_text, country_code, gender, qid, sentence_index, published_date
FROM entities_stored WHERE entity_type = $2 AND {is_of_entity}"""
_SAID = """\
CREATE TEMP TABLE said AS
SELECT article_id, revision_id, speaker_cluster_index AS cluster_index, speaker_entity_id AS stored_id, quote_index,
  speaker_role, published_date
FROM quotes_stored WHERE speaker_kind = $2 AND {is_of_entity}"""
_HAS_ID = "{id} = $1"
_HAS_ID_OR_LINK = "({id} = $1 OR article_id IN (SELECT article_id FROM links))"
_WITHOUT_ID_AND_LINK = """\
DELETE FROM {table} AS t WHERE stored_id IS DISTINCT FROM $1
  AND NOT EXISTS (SELECT 1 FROM links l WHERE l.article_id = t.article_id
    AND l.revision_id = t.revision_id AND l.cluster_index = t.cluster_index)"""
_OF_OTHERS = """\
DELETE FROM {table} AS t WHERE EXISTS (SELECT 1 FROM all_links l WHERE l.person_id <> $1
    AND l.article_id = t.article_id AND l.revision_id = t.revision_id AND l.cluster_index = t.cluster_index)"""
_HEAD = """\
SELECT (
    SELECT mode(coalesce(l.person_name, entity_name, entity_text)) FROM mentions
    LEFT JOIN links l USING (article_id, revision_id, cluster_index)
  ), mode(country_code), mode(gender) FILTER (WHERE gender <> 'U'), mode(qid), count(*), count(DISTINCT article_id),
  min(published_date), max(published_date)
FROM mentions"""
_VARIANTS = """\
SELECT entity_text, count(DISTINCT article_id) AS articles FROM mentions WHERE mention_kind = 'name'
GROUP BY entity_text ORDER BY articles DESC, entity_text LIMIT {most}"""
_ROLES = """\
SELECT role, count(DISTINCT article_id) AS articles, min(published_date), max(published_date) FROM (
  SELECT role_text AS role, article_id, published_date FROM mentions
  UNION ALL SELECT speaker_role, article_id, published_date FROM said
) WHERE role IS NOT NULL GROUP BY role ORDER BY articles DESC, role LIMIT {most}"""
_PERIODS = """\
SELECT date_trunc('{step}', published_date)::DATE AS day, count(*) FROM said GROUP BY day ORDER BY day"""
_ARTICLES = """\
CREATE TEMP TABLE entity_articles AS
SELECT m.article_id, m.revision_id, a.title, coalesce(a.publisher, a.source_key) AS publisher, m.published_date,
  m.mentions, coalesce(s.quotes, 0) AS quotes
FROM (SELECT article_id, revision_id, published_date, count(*) AS mentions FROM mentions GROUP BY ALL) m
JOIN articles_stored a USING (article_id, revision_id)
LEFT JOIN (SELECT article_id, revision_id, count(*) AS quotes FROM said GROUP BY ALL) s
  USING (article_id, revision_id)"""
_PUBLISHERS = """\
SELECT publisher, count(*) AS articles, sum(quotes)::BIGINT AS quotes FROM entity_articles GROUP BY publisher
ORDER BY articles DESC, publisher LIMIT {most}"""
_NEWEST = """\
SELECT article_id, title, publisher, published_date, mentions, quotes FROM entity_articles
ORDER BY published_date DESC, article_id LIMIT {most}"""
_LINKED = """\
SELECT article_id, title, publisher, l.published_date, l.method, l.confidence
FROM links l JOIN entity_articles USING (article_id, revision_id)
ORDER BY l.published_date DESC, article_id LIMIT {most}"""
_COMPANIONS = """\
SELECT other_id, arg_max(other_name, (length(other_name), other_name)), sum(article_count)::BIGINT AS articles FROM (
  SELECT CASE WHEN entity_id = $1 THEN other_entity_id ELSE entity_id END AS other_id,
    CASE WHEN entity_id = $1 THEN other_entity_name ELSE entity_name END AS other_name, article_count
  FROM co_mentions WHERE entity_id = $1 OR other_entity_id = $1
) GROUP BY other_id ORDER BY articles DESC, other_id LIMIT {most}"""
# People in the sentences that mention an organisation.
_MEMBERS = """\
SELECT e.person_id, arg_max(e.person_name, (length(e.person_name), e.person_name)), count(DISTINCT e.article_id) AS n
FROM entities e JOIN (SELECT DISTINCT article_id, revision_id, sentence_index FROM mentions) m
  USING (article_id, revision_id, sentence_index)
WHERE e.entity_type = 'PERSON' AND e.person_id IS NOT NULL
GROUP BY e.person_id ORDER BY n DESC, e.person_id LIMIT {most}"""
_QUOTE_KEYS = """\
CREATE TEMP TABLE shown AS SELECT article_id, revision_id, quote_index, published_date FROM said
WHERE $1::DATE IS NULL OR published_date < $1
  OR (published_date = $1 AND (article_id > $2 OR (article_id = $2 AND quote_index > $3)))
ORDER BY published_date DESC, article_id, quote_index LIMIT {limit}"""
_QUOTES = """\
SELECT q.article_id, q.quote_index, q.quote_text, q.quote_type, q.cue_text, q.speaker_role, a.title, a.publisher,
  q.published_date, l.article_id IS NOT NULL
FROM quotes_stored q JOIN shown USING (article_id, revision_id, quote_index)
JOIN entity_articles a USING (article_id, revision_id)
LEFT JOIN links l ON l.article_id = q.article_id AND l.revision_id = q.revision_id
  AND l.cluster_index = q.speaker_cluster_index
WHERE q.published_date BETWEEN $1 AND $2
ORDER BY q.published_date DESC, q.article_id, q.quote_index"""


@dataclass(frozen=True, slots=True)
class NameVariant:
    """A name as articles have it, with the number of these articles."""

    text: str
    article_count: int


@dataclass(frozen=True, slots=True)
class Role:
    """A role as articles have it, with the number of these articles and their first and last day."""

    text: str
    article_count: int
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class PeriodCount:
    """The number of rows of a day, week or month; ``first`` is its first day, a Monday for a week."""

    first: date
    count: int


@dataclass(frozen=True, slots=True)
class Companion:
    """A person in the same sentences, with the number of articles that have such a sentence."""

    entity_id: str
    name: str
    article_count: int


@dataclass(frozen=True, slots=True)
class PublisherCount:
    """A publisher with its articles that mention the entity, and the quotes in them."""

    publisher: str
    article_count: int
    quote_count: int


@dataclass(frozen=True, slots=True)
class EntityArticle:
    """An article that mentions the entity."""

    article_id: str
    title: str | None
    publisher: str
    published_date: date
    mention_count: int
    quote_count: int


@dataclass(frozen=True, slots=True)
class LinkedArticle:
    """An article that has only the surname of the person, and how newslake knows who is meant."""

    article_id: str
    title: str | None
    publisher: str
    published_date: date
    method: str
    confidence: float


@dataclass(frozen=True, slots=True)
class EntityQuote:
    """A quote of the entity. ``is_linked``: its article has only the surname."""

    article_id: str
    quote_index: int
    text: str
    quote_type: str
    cue: str | None
    role: str | None
    title: str | None
    publisher: str
    published_date: date
    is_linked: bool


@dataclass(frozen=True, slots=True)
class QuoteCursor:
    """The last quote of a page."""

    published_date: date
    article_id: str
    quote_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityView:
    """What the tables say of a person or organisation on some published days.

    ``quotes_over_time`` has one entry per ``step`` of the period, also those without a quote. Each other list has at
    most 20 rows, the largest or newest first, and ``quotes`` has ``QUOTES``; ``has_more_quotes`` says that more follow.
    """

    entity_id: str
    kind: EntityKind
    name: str
    first: date
    last: date
    country_code: str | None
    gender: str | None
    qid: str | None
    mention_count: int
    article_count: int
    quote_count: int
    first_mentioned: date
    last_mentioned: date
    name_variants: tuple[NameVariant, ...]
    roles: tuple[Role, ...]
    step: PeriodStep
    quotes_over_time: tuple[PeriodCount, ...]
    companions: tuple[Companion, ...]
    publishers: tuple[PublisherCount, ...]
    articles: tuple[EntityArticle, ...]
    linked_articles: tuple[LinkedArticle, ...]
    quotes: tuple[EntityQuote, ...]
    has_more_quotes: bool


def view_entity(
    lake: LakePlace, entity_id: str, kind: EntityKind, *, first: date, last: date, after: QuoteCursor | None = None
) -> EntityView | None:
    """Return a person or organisation on the published days from first to last; None if no article mentions it."""
    with connect(lake, since=first, until=last) as connection:
        _select_rows(connection, entity_id, kind)
        [head] = _rows(connection, _HEAD)
        name, country, gender, qid, mentions, articles, first_seen, last_seen = head
        if not mentions:
            return None
        connection.execute(_ARTICLES)
        step = period_step(first, last)
        counts = [PeriodCount(*row) for row in _rows(connection, _PERIODS.format(step=step))]
        quotes = _quotes(connection, after)
        return EntityView(
            entity_id=entity_id,
            kind=kind,
            name=name or entity_id,
            first=first,
            last=last,
            country_code=country,
            gender=gender,
            qid=qid,
            mention_count=mentions,
            article_count=articles,
            quote_count=sum(each.count for each in counts),
            first_mentioned=first_seen,
            last_mentioned=last_seen,
            name_variants=tuple(NameVariant(*row) for row in _rows(connection, _VARIANTS)),
            roles=tuple(Role(*row) for row in _rows(connection, _ROLES)),
            step=step,
            quotes_over_time=fill_periods(counts, first=first, last=last, step=step),
            companions=_companions(connection, entity_id, kind),
            publishers=tuple(PublisherCount(*row) for row in _rows(connection, _PUBLISHERS)),
            articles=tuple(EntityArticle(*row) for row in _rows(connection, _NEWEST)),
            linked_articles=tuple(LinkedArticle(*row) for row in _rows(connection, _LINKED)),
            quotes=quotes[:QUOTES],
            has_more_quotes=len(quotes) > QUOTES,
        )


def _rows(connection: Connection, sql: str) -> list[tuple]:  # type: ignore[type-arg]
    rows: list[tuple] = connection.execute(sql.format(most=_MOST)).fetchall()  # type: ignore[type-arg]
    return rows


def _select_rows(connection: Connection, entity_id: str, kind: EntityKind) -> None:
    """Create the tables ``links``, ``mentions`` and ``said`` of an entity."""
    is_person = kind == "person"
    connection.execute(_ALL_LINKS)
    connection.execute(_LINKS, [entity_id if is_person else None])
    [[links]] = connection.execute("SELECT count(*) FROM links").fetchall()
    condition = _HAS_ID_OR_LINK if links else _HAS_ID
    for table, sql, id_column, stored_kind in (
        ("mentions", _MENTIONS, "entity_id", ENTITY_TYPES[kind]),
        ("said", _SAID, "speaker_entity_id", kind),
    ):
        connection.execute(sql.format(is_of_entity=condition.format(id=id_column)), [entity_id, stored_kind])
        if links:
            connection.execute(_WITHOUT_ID_AND_LINK.format(table=table), [entity_id])
        if is_person:
            connection.execute(_OF_OTHERS.format(table=table), [entity_id])


def _companions(connection: Connection, entity_id: str, kind: EntityKind) -> tuple[Companion, ...]:
    if kind == "person":
        rows = connection.execute(_COMPANIONS.format(most=_MOST), [entity_id]).fetchall()
    else:
        rows = _rows(connection, _MEMBERS)
    return tuple(Companion(*row) for row in rows)


def _quotes(connection: Connection, after: QuoteCursor | None) -> tuple[EntityQuote, ...]:
    """Return the next ``QUOTES`` quotes after a cursor, newest first, and one more if there is one."""
    place: list[object] = [None, None, None]
    if after is not None:
        place = [after.published_date, after.article_id, after.quote_index]
    connection.execute(_QUOTE_KEYS.format(limit=QUOTES + 1), place)
    [[first, last]] = connection.execute("SELECT min(published_date), max(published_date) FROM shown").fetchall()
    if first is None:
        return ()
    return tuple(EntityQuote(*row) for row in connection.execute(_QUOTES, [first, last]).fetchall())


def period_step(first: date, last: date) -> PeriodStep:
    """Return the step of a chart of some days: days up to two months, weeks up to a year, then months."""
    days = (last - first).days + 1
    return "day" if days <= 62 else "week" if days <= 366 else "month"


def fill_periods(counts: list[PeriodCount], *, first: date, last: date, step: PeriodStep) -> tuple[PeriodCount, ...]:
    """Return one count per day, week or month from first to last; 0 where ``counts`` has none."""
    known = {each.first: each.count for each in counts}
    periods, day = [], _first_of(first, step)
    while day <= last:
        periods.append(PeriodCount(day, known.get(day, 0)))
        day = _first_of(day + timedelta(days={"day": 1, "week": 7, "month": 31}[step]), step)
    return tuple(periods)


def _first_of(day: date, step: PeriodStep) -> date:
    if step == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if step == "week" else day
