"""The analyst's room: the lake's tables as views, SQL that can only read, saved questions, and pictures of answers."""

from pipeline.ask.connection import Answer, Connection, connect, query, stream
from pipeline.ask.coverage import CoverageFacts, DatedArticles, VerdictCount, coverage_facts
from pipeline.ask.limits import Limits, check_time, limited
from pipeline.ask.saved import Question, answer, list_questions, question_named
from pipeline.ask.verdicts import outcomes_of, pages_of_host

__all__ = [
    "Answer",
    "Connection",
    "CoverageFacts",
    "DatedArticles",
    "Limits",
    "Question",
    "VerdictCount",
    "answer",
    "check_time",
    "connect",
    "coverage_facts",
    "limited",
    "list_questions",
    "outcomes_of",
    "pages_of_host",
    "query",
    "question_named",
    "stream",
]
