"""The log tables: outcomes of pages, listing requests, runs and deletions. Rows are only appended."""

from typing import get_args

from newslake.pipeline.model.outcome import OUTCOME_KINDS, RunKind
from newslake.pipeline.tables.spec import DAY, INT, TEXT, TEXTS, TIME, Column, TableSpec

OUTCOMES = TableSpec(
    "outcomes",
    "One row per page and run: its outcome and the reason.",
    ("run_id", "source_key", "url"),
    ("decided_at", "url"),
    (
        Column("run_id", TEXT, "`run_id` of the run that decided."),
        Column("source_key", TEXT, "Key of the source in `sources.toml`."),
        Column(
            "news_day",
            DAY,
            "News day of the page: the UTC day of the date that its listing gives, or else of its first fetch.",
        ),
        Column(
            "url",
            TEXT,
            "URL of the page; its file name if it has no URL. If `stage` is `discover`: location of the listing.",
        ),
        Column("article_id", TEXT, "`article_id` of the article of the page; null if not known.", True),
        Column("stage", TEXT, "Step that decided: `discover` (request of a listing), `fetch`, `derive` or `commit`."),
        Column("outcome", TEXT, "Outcome of the page in this run.", values=OUTCOME_KINDS),
        Column("reason", TEXT, "Reason, as one word, e.g. `http_404`; null if the outcome is `kept`.", True),
        Column("detail", TEXT, "Reason, as text.", True),
        Column(
            "payload_digest",
            TEXT,
            "Payload digest of the capture that the outcome is about; null if it is not about a capture.",
            True,
        ),
        Column("decided_at", TIME, "Time of the decision, UTC."),
    ),
    day_column="decided_date",
)

LISTING_FETCHES = TableSpec(
    "listing_fetches",
    "One row per run and online source: the result of the request for its listing. If a source has no row for a day, "
    "its listing was not requested on that day, unless the log of that month was removed (`NEWS_LOG_KEEP_MONTHS`).",
    ("run_id", "source_key"),
    ("requested_at", "source_key"),
    (
        Column("run_id", TEXT, "`run_id` of the run that sent the request."),
        Column("source_key", TEXT, "Key of the source in `sources.toml`."),
        Column(
            "listed_day",
            DAY,
            "Day that was requested, if the source has a listing per day; null if it lists its newest pages.",
            True,
        ),
        Column("result", TEXT, "Result of the request.", values=("listed", "unchanged", "partial", "failed")),
        Column("entries", INT, "Number of entries in the listing, including broken entries."),
        Column("reason", TEXT, "Reason if the result is `partial` or `failed`, as one word.", True),
        Column("requested_at", TIME, "Time of the request, UTC."),
    ),
    day_column="requested_date",
)

RUNS = TableSpec(
    "runs",
    "One row per finished run: what started it, when it ran, its counts and versions.",
    ("run_id",),
    ("run_id",),
    (
        Column("run_id", TEXT, "Id of the run."),
        Column("kind", TEXT, "What started the run.", values=get_args(RunKind)),
        Column("status", TEXT, "How the run ended.", values=("done", "failed")),
        Column("started_at", TIME, "Start of the run, UTC."),
        Column(
            "committed_at",
            TIME,
            "Time when the run was logged, UTC. From then on, queries see all rows that the run committed.",
            True,
        ),
        Column("counts", TEXT, "Counts of the run, as a JSON object; of a failed run, its `errors`."),
        Column(
            "days_touched",
            TEXTS,
            "Days that the run changed, YYYY-MM-DD: news days for a run that fetched pages, published days for a run "
            "that committed rows.",
        ),
        Column(
            "versions",
            TEXT,
            "Schema version, pipeline version and version of the code, as a JSON object.",
        ),
    ),
    day_column="run_date",
)

DELETIONS = TableSpec(
    "deletions",
    "One row per article that a takedown deleted. Delete the article from all your copies of the tables, too.",
    ("article_id", "deleted_at"),
    ("deleted_at", "article_id"),
    (
        Column(
            "article_id",
            TEXT,
            "`article_id` of the deleted article. The other tables have no rows of it and do not refer to it.",
        ),
        Column(
            "revision_ids", TEXTS, "`revision_id` of each revision that was in the tables at the time of the deletion."
        ),
        Column("last_published_date", DAY, "`published_date` that its rows had when they were deleted."),
        Column("reason", TEXT, "Reason, as given in the request.", True),
        Column("deleted_at", TIME, "Time of the deletion, UTC."),
    ),
    day_column="deleted_date",
)

LOG_TABLES = (OUTCOMES, LISTING_FETCHES, RUNS, DELETIONS)
