"""One article for an agent: a piece of its text, and the entities, quotes and events that begin in that piece."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from newslake.pipeline.agents.answers import MOST_CHARS, Continuation, ToolAnswer, Untrusted, plain, shorten
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.show.provenance import INDEX_OF, StoredRows, resolve_article_ids
from newslake.pipeline.tables.spec import Row

Table = Literal["quotes", "events", "entities"]
LEAST_CHARS = 500
_MOST_AUTHORS, _NAME_CHARS = 20, 300  # of hostile metadata
# The columns of a row that an agent needs; the tool sql has all of them.
_COLUMNS: Mapping[Table, tuple[str, ...]] = {
    "quotes": (
        *("quote_text", "start_char", "end_char", "quote_type", "is_closed", "cue_text", "cue_stance"),
        *("speaker_name", "speaker_kind", "speaker_role", "speaker_text", "speaker_start_char", "speaker_end_char"),
        *("speaker_entity_id", "speaker_candidate", "co_speakers", "reported_by_name", "confidence"),
    ),
    "events": (
        *("trigger_text", "start_char", "end_char", "event_type", "event_mode", "event_subtype"),
        *("modality", "actors", "actor_name", "actor_text", "recipients", "recipient_name", "recipient_text"),
        *("event_date", "event_date_end", "event_date_basis", "place_text", "place_country", "is_main", "confidence"),
    ),
    "entities": (
        *("entity_text", "start_char", "end_char", "entity_type", "mention_kind", "entity_name"),
        *("entity_id", "qid", "role_text", "gender", "country_code"),
    ),
}


class ArticleText(ToolAnswer):
    """The text of an article from ``start_char`` on, and its rows; ``row`` of each is for the tool why."""

    title: str | None = None
    publisher: str | None = None
    authors: list[str]
    url: str | None = None
    text: str
    quotes: list[dict[str, Any]] | None = None
    events: list[dict[str, Any]] | None = None
    entities: list[dict[str, Any]] | None = None


class ArticleAnswer(ToolAnswer):
    """A piece of an article. All offsets are code points of the complete text: text[0] is at ``start_char``."""

    article_id: str
    revision_id: str
    payload_digest: str | None = None
    published_at: str | None = None
    published_at_method: str
    language: str | None = None
    page_type: str
    word_count: int
    counts: dict[str, int | None] = Field(description="Rows of the whole article; null if it is not annotated.")
    unsure: dict[str, int] = Field(description="Quotes and events of this piece that are below min_confidence.")
    start_char: int
    end_char: int
    text_length: int = Field(description="Characters of the complete text.")
    cut: Continuation | None = None
    untrusted: ArticleText = Untrusted


def article_answer(
    workspace: Workspace,
    article: str,
    *,
    first_char: int,
    characters: int,
    include: Sequence[Table],
    min_confidence: float,
) -> ArticleAnswer:
    """Return at most ``characters`` of an article from ``first_char`` on, up to the end of a paragraph.

    Quotes and events with less than ``min_confidence`` are only counted. The piece is shorter if the answer were too
    large otherwise. Raises: ConfigError for an unknown article or an offset after its end, LakeError for damaged table
    files.
    """
    rows = _stored_rows(workspace, article)
    length = len(rows.article["text"])
    if first_char >= max(length, 1):
        raise ConfigError(f"first_char {first_char} is after the end: the text has {length} characters", key=article)
    while True:
        answer = _piece(rows, first_char, _end(rows.article, first_char, characters), include, min_confidence)
        if len(answer.model_dump_json()) <= MOST_CHARS:
            return answer
        if characters <= LEAST_CHARS:
            raise ConfigError(
                f"{characters} characters of this article have too many rows for one answer: name fewer tables in "
                "include, or use the tool sql",
                key=article,
            )
        characters = max(LEAST_CHARS, characters // 2)


def _stored_rows(workspace: Workspace, article: str) -> StoredRows:
    ids = resolve_article_ids(workspace, article)
    stored = workspace.lake.index.stored(ids)
    article_id = next((each for each in ids if each in stored), None)
    if article_id is None:
        message = f"the lake has no article {article}; the tool why may say why it is missing"
        raise ConfigError(message, key=article, reason="no_such_article")
    return StoredRows(workspace=workspace, article_id=article_id, stored=stored[article_id])


def _end(article: Row, first: int, characters: int) -> int:
    """Return the end of the last block that ends within ``characters``; within a block that is longer, their end."""
    last = min(first + characters, len(article["text"]))
    if last == len(article["text"]):
        return last
    ends = [block["end_char"] for block in article["blocks"] if first < block["end_char"] <= last]
    return max(ends, default=last)


def _piece(rows: StoredRows, first: int, end: int, include: Sequence[Table], least: float) -> ArticleAnswer:
    article, text = rows.article, rows.article["text"]
    # Between two blocks is white space, which no piece has to begin with.
    following = next((at for at in range(end, len(text)) if not text[at].isspace()), None)
    message = f"the text continues: call again with first_char={following}"
    inside = {table: [row for row in rows.of(table) if first <= row["start_char"] < end] for table in include}
    sure = {
        table: [row for row in judged if table == "entities" or row["confidence"] >= least]
        for table, judged in inside.items()
    }
    annotations = {table: _annotations(shown, table) for table, shown in sure.items()}
    _name_people(annotations.get("quotes", ()), rows)
    published = plain(article["published_at"])
    return ArticleAnswer(
        article_id=article["article_id"],
        revision_id=article["revision_id"],
        payload_digest=article["payload_digest"],
        published_at=published,
        published_at_method=article["published_at_method"],
        language=article["language"],
        page_type=article["page_type"],
        word_count=article["word_count"],
        counts={table: article[name] for table, name in _COUNTS.items()},
        unsure={
            table: len(inside[table]) - len(sure[table]) for table in inside if len(inside[table]) > len(sure[table])
        },
        start_char=first,
        end_char=end,
        text_length=len(text),
        cut=None if following is None else Continuation(reason="size", next_offset=following, message=message),
        untrusted=ArticleText(
            title=_short(article["title"]),
            publisher=_short(article["publisher"]),
            authors=[str(_short(name)) for name in article["authors"][:_MOST_AUTHORS]],
            url=shorten(article["url"])[0] if article["url"] else None,
            text=text[first:end],
            **annotations,
        ),
    )


def _name_people(quotes: Iterable[dict[str, Any]], rows: StoredRows) -> None:
    """Add the full name to a speaker whose surname is linked to a person of other articles."""
    clusters = {each["quote_index"]: each["speaker_cluster_index"] for each in rows.of("quotes")}
    people = {each["cluster_index"]: each["person_name"] for each in rows.of("person_links")}
    for quote in quotes:
        name = people.get(clusters[int(quote["row"].rpartition(":")[2])])
        if name is not None and name != quote.get("speaker_name"):
            quote["speaker_person_name"] = name


def _short(text: str | None) -> str | None:
    return text and text[:_NAME_CHARS]


_COUNTS = {"quotes": "quote_count", "events": "event_count", "entities": "entity_count"}


def _annotations(rows: Iterable[Row], table: Table) -> list[dict[str, Any]]:
    """Return the rows in order, without the columns that have no value."""
    return [
        {"row": f"{row['article_id']}:{table}:{row[INDEX_OF[table]]}"}
        | {name: shorten(plain(row[name]))[0] for name in _COLUMNS[table] if row[name] not in (None, [], "")}
        for row in sorted(rows, key=lambda row: row["start_char"])
    ]
