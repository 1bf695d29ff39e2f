"""The tables that relate articles to each other, and the log: the rest of the contract."""

from typing import get_args

from pipeline.model.annotation import DatePrecision, Modality
from pipeline.model.outcome import OUTCOME_KINDS, RunKind
from pipeline.tables import types as t
from pipeline.tables.spec import Column, TableSpec

ARTICLE_KEYS = (
    Column("article_id", t.TEXT, "Stable id of the article: 32 hex of SHA-256 of its canonical URL, or of its text."),
    Column("revision_id", t.TEXT, "Names the content: 16 hex of content_hash. Join on (article_id, revision_id)."),
    Column("published_at", t.TIME, "When the article was published, UTC; null where nothing says so.", True),
)

COPIES = TableSpec(
    "copies",
    "One row an article: which earlier article it repeats.",
    ("article_id",),
    ("article_id",),
    (
        *ARTICLE_KEYS,
        Column(
            "dup_group_id",
            t.TEXT,
            "article_id of the earliest matching article of the seven days before; its own when none.",
        ),
        Column("is_copy", t.BOOL, "Whether an earlier article matches."),
        Column(
            "similarity",
            t.REAL,
            "Of that match: near: shared shingles of three words, of all of both (Jaccard, at least 0.70); cut: those "
            "of the shorter text that stand in the longer (at least 0.80); 1 for exact and own.",
        ),
        Column(
            "method",
            t.TEXT,
            "What matched: exact: equal content; near: nearly all words; cut: one text is a part of the other.",
            values=("own", "exact", "near", "cut"),
        ),
    ),
)

REVISIONS = TableSpec(
    "revisions",
    "One row a distinct content of an article in the archive, on the day of its present one.",
    ("article_id", "revision_id"),
    ("article_id", "revision_id"),
    (
        *ARTICLE_KEYS,
        Column("fetched_at", t.TIME, "When this content was first fetched, UTC."),
        Column("raw_ref", t.TEXT, "Payload digest of the record that had it first.", True),
        Column("word_count", t.INT, "Words in paragraphs and lists."),
        Column("sentences_added", t.INT, "Sentences that the content before it had not; null for the first.", True),
        Column("sentences_removed", t.INT, "Sentences that only the content before it had; null for the first.", True),
        Column(
            "quotes_removed",
            t.INT,
            "Stretches in double quotation marks, of three words or more, that only the content before it had.",
            True,
        ),
        Column(
            "made_of",
            t.TEXT,
            "Hash of captures and rules; while it is the same, so is the row. Empty where a capture could not be read.",
        ),
    ),
)

QUOTE_GROUPS = TableSpec(
    "quote_groups",
    "One row a quote: which quotation it is, also where another outlet printed more or fewer of its words.",
    ("article_id", "quote_index"),
    ("article_id", "quote_index"),
    (
        *ARTICLE_KEYS,
        Column("quote_index", t.INT, "Its quote_index in quotes."),
        Column(
            "quote_group_id",
            t.TEXT,
            "article_id:quote_index of the earliest quote of the group. A quote joins the group of the earliest one of "
            "the seven days before that it repeats; its own id when none.",
        ),
    ),
)

EVENT_REPORTS = TableSpec(
    "event_reports",
    "One row a row of events: which event it is, whichever article tells of it.",
    ("article_id", "event_index"),
    ("article_id", "event_index"),
    (
        *ARTICLE_KEYS,
        Column("event_index", t.INT, "Its event_index in events."),
        Column(
            "event_cluster_id",
            t.TEXT,
            "article_id:event_index of the first mention in the earliest article. An event joins the cluster of the "
            "one of the seven days before with which it agrees most; its own id when none.",
        ),
        Column("dup_group_id", t.TEXT, "The article's, from copies: reports of one group count once."),
        Column("is_copy", t.BOOL, "Whether the article repeats an earlier one."),
        Column("sentence_start_char", t.INT, "First code point in articles.text of the sentence that tells of it."),
        Column("sentence_end_char", t.INT, "Code point after its last."),
    ),
)

EVENT_CLUSTERS = TableSpec(
    "event_clusters",
    "One row an event, on the day of its first report; what it says is its fullest report's.",
    ("event_cluster_id",),
    ("event_cluster_id",),
    (
        Column("event_cluster_id", t.TEXT, "The event, as in event_reports."),
        Column("event_type", t.TEXT, "PLOVER type as reported, or OTHER."),
        Column("event_subtype", t.TEXT, "What kind of OTHER.", True),
        Column("event_mode", t.TEXT, "PLOVER mode.", True),
        Column("quad", t.INT, "As in events.", True),
        Column("plover_type", t.TEXT, "The type that PLOVER derives.", True),
        Column("modality", t.TEXT, "What the latest report says of it.", values=get_args(Modality)),
        Column("first_reported_at", t.TIME, "published_at of the first dated report, UTC.", True),
        Column("last_reported_at", t.TIME, "published_at of the last.", True),
        Column("report_count", t.INT, "Articles that tell of it."),
        Column("independent_count", t.INT, "The same where copies of one article count once."),
        Column("actors", t.TEXTS, "Who does it: names, else the words of the text."),
        Column("actor_country", t.TEXT, "Country of the first, ISO 3166-1 alpha-3.", True),
        Column("recipients", t.TEXTS, "To whom it is done, in the same way."),
        Column("recipient_country", t.TEXT, "Country of the first, ISO 3166-1 alpha-3.", True),
        Column("event_date", t.DAY, "First day of the event, of the fullest report that dates it.", True),
        Column("event_date_end", t.DAY, "Last day of the event or of its uncertainty.", True),
        Column("event_date_precision", t.TEXT, "How exact it is.", values=get_args(DatePrecision)),
        Column("place_text", t.TEXT, "Where, as the fullest report that places it says.", True),
        Column("place_country", t.TEXT, "Its country, ISO 3166-1 alpha-3.", True),
        Column("article_id", t.TEXT, "The fullest report: not a copy where there is a choice."),
        Column("revision_id", t.TEXT, "Its content. Join on both ids."),
        Column("event_index", t.INT, "Its row in events."),
        Column("sentence_start_char", t.INT, "First code point in articles.text of its sentence."),
        Column("sentence_end_char", t.INT, "Code point after its last."),
        Column(
            "realises_cluster_id",
            t.TEXT,
            "Where it happened: the event of the four weeks before that announced it, as a meeting and its plan.",
            True,
        ),
    ),
)

CO_MENTIONS = TableSpec(
    "co_mentions",
    "One row a pair of people and day: in how many of the day's articles one sentence names both.",
    ("entity_id", "other_entity_id"),
    ("entity_id", "other_entity_id"),
    (
        Column("entity_id", t.TEXT, "As in entities; of the two ids the first in the order of their characters."),
        Column("other_entity_id", t.TEXT, "The other id."),
        Column("entity_name", t.TEXT, "The longest entity_name of the day; of equally long ones the last."),
        Column("other_entity_name", t.TEXT, "The other's, in the same way."),
        Column("article_count", t.INT, "Articles of the day, those left out that repeat an earlier one."),
    ),
    is_key_of_day=True,
)

OUTCOMES = TableSpec(
    "outcomes",
    "One row a page and run: what became of it, and why.",
    ("run_id", "source_key", "url"),
    ("seen_at", "url"),
    (
        Column("run_id", t.TEXT, "The run that decided."),
        Column("source_key", t.TEXT, "Key of the source."),
        Column("news_day", t.DAY, "News day of the page."),
        Column("url", t.TEXT, "Its URL; the file's name where there is none."),
        Column("article_id", t.TEXT, "Its article, where one is known.", True),
        Column("stage", t.TEXT, "The stage that decided."),
        Column("outcome", t.TEXT, "What became of it.", values=OUTCOME_KINDS),
        Column("reason", t.TEXT, "Why, in one word; null when kept.", True),
        Column("detail", t.TEXT, "Why, for a person.", True),
        Column("raw_ref", t.TEXT, "Payload digest of its bytes in the archive.", True),
        Column("seen_at", t.TIME, "When it was decided, UTC."),
    ),
    partition="seen_date",
)

LISTINGS = TableSpec(
    "listings",
    "One row a run that asked an online source for its listing: what it gave. A day without one was not asked for.",
    ("run_id", "source_key"),
    ("asked_at", "source_key"),
    (
        Column("run_id", t.TEXT, "The run that asked."),
        Column("source_key", t.TEXT, "Key of the source."),
        Column("listed_day", t.DAY, "The only day that was listed; null where it lists its newest pages.", True),
        Column(
            "result",
            t.TEXT,
            "listed, also with no entry; unchanged: the server says so; partial: a part could not be had; failed.",
            values=("listed", "unchanged", "partial", "failed"),
        ),
        Column("entries", t.INT, "Entries that it gave, broken ones included."),
        Column("reason", t.TEXT, "Why it is partial or failed, in one word.", True),
        Column("asked_at", t.TIME, "UTC."),
    ),
    partition="asked_date",
)

RUNS = TableSpec(
    "runs",
    "One row a run: what it did, when and with which versions.",
    ("run_id",),
    ("run_id",),
    (
        Column("run_id", t.TEXT, "The run."),
        Column("kind", t.TEXT, "What started it.", values=get_args(RunKind)),
        Column("status", t.TEXT, "How it ended.", values=("done", "failed")),
        Column("started_at", t.TIME, "UTC."),
        Column("committed_at", t.TIME, "When its rows could be read, UTC.", True),
        Column("counts", t.TEXT, "JSON object of its counts."),
        Column("days_touched", t.TEXTS, "Days it wrote to, YYYY-MM-DD."),
        Column("versions", t.TEXT, "JSON object of versions: pipeline, model, schema."),
    ),
    partition="run_date",
)

DELETIONS = TableSpec(
    "deletions",
    "One row an article that was forgotten: delete it from every copy of the tables.",
    ("article_id", "deleted_at"),
    ("deleted_at", "article_id"),
    (
        Column("article_id", t.TEXT, "The article. All rows of it are gone, and other rows name it no more."),
        Column("revision_ids", t.TEXTS, "The contents that the tables had of it when it was forgotten."),
        Column("last_day", t.DAY, "The published_date on which its rows stood last."),
        Column("reason", t.TEXT, "Why, as it was given.", True),
        Column("deleted_at", t.TIME, "When it was forgotten, UTC."),
    ),
    partition="deleted_date",
)
