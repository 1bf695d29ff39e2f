"""The analyst's room: the lake's tables as views, SQL that can only read, saved questions, and pictures of answers."""

from pipeline.ask.connection import Connection, QueryResult, connect, query, stream
from pipeline.ask.coverage import CoverageFacts, DatedArticles, OutcomeCount, coverage_facts
from pipeline.ask.limits import Limits, apply_limits, check_time
from pipeline.ask.saved import Question, answer, list_questions, question_named
from pipeline.ask.verdicts import outcomes_of, pages_of_host

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
