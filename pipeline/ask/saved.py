"""The saved questions: one file of SQL each, in ``questions/``. The file's name is the question's slug."""

from dataclasses import dataclass
from importlib.resources import files

import duckdb

from pipeline.ask.connection import Answer, query
from pipeline.errors import ConfigError

_TITLE, _ABOUT = "-- title: ", "-- about: "


@dataclass(frozen=True, slots=True)
class Question:
    """One saved question. ``about`` says what is counted and what is left out."""

    slug: str
    title: str
    about: str
    sql: str


def list_questions() -> tuple[Question, ...]:
    """Return every saved question, by slug.

    Raises: ConfigError naming a file that does not begin with its title and about lines.
    """
    found = files("pipeline.ask").joinpath("questions").iterdir()
    paths = sorted((path for path in found if path.name.endswith(".sql")), key=lambda path: path.name)
    return tuple(_question(path.name.removesuffix(".sql"), path.read_text("utf-8")) for path in paths)


def _question(slug: str, text: str) -> Question:
    title, about, *sql = text.splitlines()
    if not (title.startswith(_TITLE) and about.startswith(_ABOUT) and sql):
        raise ConfigError(f"{slug}.sql: begin with the lines '{_TITLE}...' and '{_ABOUT}...'", key=slug)
    return Question(slug, title.removeprefix(_TITLE), about.removeprefix(_ABOUT), "\n".join(sql))


def question_named(slug: str) -> Question:
    """Return a saved question. Raises: ConfigError with the list of known slugs."""
    questions = {question.slug: question for question in list_questions()}
    if slug not in questions:
        raise ConfigError(f"unknown question {slug!r}; known are {', '.join(questions)}", key=slug)
    return questions[slug]


def answer(connection: duckdb.DuckDBPyConnection, slug: str) -> Answer:
    """Return what a saved question answers. Raises: ConfigError with the list of known slugs."""
    return query(connection, question_named(slug).sql)
