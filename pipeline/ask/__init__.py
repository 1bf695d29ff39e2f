"""The analyst's room: the lake's tables as views, SQL that can only read, and saved questions."""

from pipeline.ask.connection import Answer, connect, query
from pipeline.ask.coverage import AskedListing, CoverageFacts, coverage_facts
from pipeline.ask.saved import Question, answer, list_questions
from pipeline.ask.verdicts import outcomes_of, pages_of_host
from pipeline.ask.views import views_sql

__all__ = [
    "Answer",
    "AskedListing",
    "CoverageFacts",
    "Question",
    "answer",
    "connect",
    "coverage_facts",
    "list_questions",
    "outcomes_of",
    "pages_of_host",
    "query",
    "views_sql",
]
