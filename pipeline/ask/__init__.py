"""The analyst's room: the lake's tables as views, SQL that can only read, saved questions, and pictures of answers."""

from pipeline.ask.connection import Answer, Connection, connect, query, stream
from pipeline.ask.saved import Question, answer, list_questions, question_named
from pipeline.ask.views import views_sql

__all__ = [
    "Answer",
    "Connection",
    "Question",
    "answer",
    "connect",
    "list_questions",
    "query",
    "question_named",
    "stream",
    "views_sql",
]
