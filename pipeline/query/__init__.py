"""Query the lake: its tables as SQL views, read-only SQL, saved questions with charts, translations of SQL."""

from pipeline.query.connection import (
    Connection,
    Limits,
    QueryResult,
    apply_limits,
    check_time,
    connect,
    query,
    query_page,
    stream,
)
from pipeline.query.freshness import FreshnessFacts, freshness_facts, unread_pages
from pipeline.query.lake_folder import files_of
from pipeline.query.outcomes import (
    CoverageFacts,
    DatedArticles,
    OutcomeCount,
    coverage_facts,
    outcomes_of,
    pages_of_host,
)
from pipeline.query.saved_queries import Question, answer, list_questions, question_named
from pipeline.store.table_files import LakePlace, has_lake

__all__ = [
    "Connection",
    "CoverageFacts",
    "DatedArticles",
    "FreshnessFacts",
    "LakePlace",
    "Limits",
    "OutcomeCount",
    "QueryResult",
    "Question",
    "answer",
    "apply_limits",
    "check_time",
    "connect",
    "coverage_facts",
    "files_of",
    "freshness_facts",
    "has_lake",
    "list_questions",
    "outcomes_of",
    "pages_of_host",
    "query",
    "query_page",
    "question_named",
    "stream",
    "unread_pages",
]
