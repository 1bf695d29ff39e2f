"""The questions of an audit: what a reader answers about each row of a table. They are in ``questions.toml``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, cast

from newslake.pipeline.errors import ConfigError, did_you_mean

Verdict = Literal["right", "partly", "wrong", "missing", "unclear"]
AUDITED_TABLES = ("quotes", "entities", "events", "articles")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that a reader may give: ``name`` is its value in a sheet, ``key`` the key that gives it."""

    name: str
    key: str
    label: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class AuditQuestion:
    """A question about one field of a row. ``name`` is its column in a sheet.

    ``column`` is the column of the table that it judges, "" for none. The questions after one that ``is_gate``
    apply only if its verdict is right.
    """

    name: str
    text: str
    help: str
    answers: tuple[Answer, ...]
    column: str
    is_gate: bool

    def answer_named(self, name: str) -> Answer | None:
        """Return the answer with a name; None if the question has no such answer."""
        return next((each for each in self.answers if each.name == name), None)


def questions_for(table: str) -> tuple[AuditQuestion, ...]:
    """Return the questions about the rows of a table, in order. Raises: ConfigError for a table without questions."""
    if table not in AUDITED_TABLES:
        raise ConfigError(f"no audit of table {table!r}: {did_you_mean(table, AUDITED_TABLES)}", key="table")
    return _questions()[table]


@cache
def _questions() -> Mapping[str, tuple[AuditQuestion, ...]]:
    read = tomllib.loads(files("newslake.pipeline.addons.audit").joinpath("questions.toml").read_text(encoding="utf-8"))
    # "right_empty" has another label only: a sheet stores both as "right".
    answers = {
        name: Answer(name.removesuffix("_empty"), entry["key"], entry["label"], cast("Verdict", entry["verdict"]))
        for name, entry in read["answers"].items()
    }
    return {
        table: tuple(
            AuditQuestion(
                name=entry["name"],
                text=entry["text"],
                help=entry.get("help", ""),
                answers=tuple(answers[name] for name in entry["answers"]),
                column=entry.get("column", ""),
                is_gate=entry.get("gate", False),
            )
            for entry in read[table]
        )
        for table in AUDITED_TABLES
    }
