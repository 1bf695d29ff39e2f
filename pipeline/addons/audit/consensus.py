"""The consensus of readers: one verdict per row and question, and what a wrong value should be."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from newslake.pipeline.addons.audit.questions import AuditQuestion, Verdict, questions_for
from newslake.pipeline.addons.audit.sheet import FilledSheet, RowAnswers


@dataclass(frozen=True, slots=True)
class RowConsensus:
    """What the readers say about one row. ``verdicts`` are by question, ``corrections`` by column of the table.

    The readers differ about the questions in ``open``. Questions after a gate that is not right are in neither.
    """

    verdicts: Mapping[str, Verdict]
    corrections: Mapping[str, str]
    open: frozenset[str]


def find_consensus(
    table: str, sheets: Sequence[FilledSheet], *, decision: FilledSheet | None = None
) -> dict[str, RowConsensus]:
    """Return the consensus about each row, by its name.

    A question has the verdict that more than half of the readers give; otherwise that of ``decision``, a third look. If
    the third look decides the gate, it decides the whole row: one of the readers has answered nothing else.
    """
    answers: dict[str, list[RowAnswers]] = {}
    for sheet in sheets:
        for row in sheet.rows:
            answers.setdefault(row.name, []).append(row)
    decided = {} if decision is None else {row.name: row for row in decision.rows}
    questions = questions_for(table)
    return {name: _of_row(rows, decided.get(name), questions) for name, rows in sorted(answers.items())}


def _of_row(rows: Sequence[RowAnswers], decided: RowAnswers | None, questions: Sequence[AuditQuestion]) -> RowConsensus:
    verdicts: dict[str, Verdict] = {}
    corrections: dict[str, str] = {}
    is_open: set[str] = set()
    for question in questions:
        votes = Counter(verdict for row in rows if (verdict := verdict_of(row, question)) is not None)
        verdict = _majority(votes)
        if verdict is None and votes and decided:
            verdict = verdict_of(decided, question)
            rows = [decided] if question.is_gate else rows
        if verdict is not None:
            verdicts[question.name] = verdict
            corrections |= _correction(question, verdict, [*([decided] if decided else []), *rows])
        elif votes:
            is_open.add(question.name)
        if question.is_gate and verdict != "right":
            break
    return RowConsensus(verdicts, corrections, frozenset(is_open))


def verdict_of(row: RowAnswers, question: AuditQuestion) -> Verdict | None:
    """Return the verdict of one reader; None if the question is not answered."""
    answer = question.answer_named(row.answers.get(question.name, ""))
    return None if answer is None else answer.verdict


def _majority(votes: Counter[Verdict]) -> Verdict | None:
    return next((verdict for verdict, count in votes.items() if count * 2 > votes.total()), None)


def _correction(question: AuditQuestion, verdict: Verdict, rows: Sequence[RowAnswers]) -> dict[str, str]:
    """Return what the column should be, by the first reader who says it and gives this verdict."""
    said = (row.corrections.get(question.column) for row in rows if verdict_of(row, question) == verdict)
    value = next(filter(None, said), None)
    return {} if value is None else {question.column: value}
