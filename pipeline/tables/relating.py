"""The tables that relate articles to each other, and the log: the rest of the contract."""

from typing import get_args

from pipeline.model.outcome import OUTCOME_KINDS, RunKind
from pipeline.tables import types
from pipeline.tables.spec import Column, TableSpec

ARTICLE_KEYS = (
    Column(
        "article_id", types.TEXT, "Stable id of the article: 32 hex of SHA-256 of its canonical URL, or of its text."
    ),
    Column("revision_id", types.TEXT, "Names the content: 16 hex of content_hash. Join on (article_id, revision_id)."),
    Column("published_at", types.TIME, "When the article was published, UTC; null where nothing says so.", True),
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
            types.TEXT,
            "article_id of the earliest matching article of the seven days before; its own when none.",
        ),
        Column("is_copy", types.BOOL, "Whether an earlier article matches."),
        Column(
            "similarity",
            types.REAL,
            "Of that match: near: shared shingles of three words, of all of both (Jaccard, at least 0.70); cut: those "
            "of the shorter text that stand in the longer (at least 0.80); 1 for exact and own.",
        ),
        Column(
            "method",
            types.TEXT,
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
        Column("fetched_at", types.TIME, "When this content was first fetched, UTC."),
        Column("raw_ref", types.TEXT, "Payload digest of the record that had it first.", True),
        Column("word_count", types.INT, "Words in paragraphs and lists."),
        Column("sentences_added", types.INT, "Sentences that the content before it had not; null for the first.", True),
        Column(
            "sentences_removed", types.INT, "Sentences that only the content before it had; null for the first.", True
        ),
        Column(
            "quotes_removed",
            types.INT,
            "Stretches in double quotation marks, of three words or more, that only the content before it had.",
            True,
        ),
        Column(
            "made_of", types.TEXT, "Hash of the article's captures and the rules; while it is the same, so is the row."
        ),
    ),
)

OUTCOMES = TableSpec(
    "outcomes",
    "One row a page and run: what became of it, and why.",
    ("run_id", "source_key", "url"),
    ("seen_at", "url"),
    (
        Column("run_id", types.TEXT, "The run that decided."),
        Column("source_key", types.TEXT, "Key of the source."),
        Column("news_day", types.DAY, "News day of the page."),
        Column("url", types.TEXT, "Its URL; the file's name where there is none."),
        Column("article_id", types.TEXT, "Its article, where one is known.", True),
        Column("stage", types.TEXT, "The stage that decided."),
        Column("outcome", types.TEXT, "What became of it.", values=OUTCOME_KINDS),
        Column("reason", types.TEXT, "Why, in one word; null when kept.", True),
        Column("detail", types.TEXT, "Why, for a person.", True),
        Column("raw_ref", types.TEXT, "Payload digest of its bytes in the archive.", True),
        Column("seen_at", types.TIME, "When it was decided, UTC."),
    ),
    partition="seen_date",
)

RUNS = TableSpec(
    "runs",
    "One row a run: what it did, when and with which versions.",
    ("run_id",),
    ("run_id",),
    (
        Column("run_id", types.TEXT, "The run."),
        Column("kind", types.TEXT, "What started it.", values=get_args(RunKind)),
        Column("status", types.TEXT, "How it ended.", values=("done", "failed")),
        Column("started_at", types.TIME, "UTC."),
        Column("committed_at", types.TIME, "When its rows could be read, UTC.", True),
        Column("counts", types.TEXT, "JSON object of its counts."),
        Column("days_touched", types.TEXTS, "Days it wrote to, YYYY-MM-DD."),
        Column("versions", types.TEXT, "JSON object of versions: pipeline, model, schema."),
    ),
    partition="run_date",
)
