"""The analyst's room: the lake's tables as views, SQL that can only read, saved questions, and pictures of answers."""

from pipeline.query.connection import Connection, Limits, QueryResult, apply_limits, check_time, connect, query, stream
from pipeline.query.outcomes import (
    CoverageFacts,
    DatedArticles,
    OutcomeCount,
    coverage_facts,
    outcomes_of,
    pages_of_host,
)
from pipeline.query.saved_queries import Question, answer, list_questions, question_named

__all__ = [
    "Connection",
    "CoverageFacts",
    "DatedArticles",
    "Limits",
    "OutcomeCount",
    "QueryResult",
    "Question",
    "answer",
    "apply_limits",
    "check_time",
    "connect",
    "coverage_facts",
    "list_questions",
    "outcomes_of",
    "pages_of_host",
    "query",
    "question_named",
    "stream",
]
