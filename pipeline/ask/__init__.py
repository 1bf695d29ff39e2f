"""The analyst's room: the lake's tables as views, SQL that can only read, and saved questions."""

from pipeline.ask.connection import Answer, connect, query
from pipeline.ask.saved import Question, answer, list_questions, question_named

__all__ = ["Answer", "Question", "answer", "connect", "list_questions", "query", "question_named"]
