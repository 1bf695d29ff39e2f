"""The score of an audit: per question and stratum, the share of right rows with its interval; agreement of readers."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from newslake.pipeline.addons.audit.consensus import RowConsensus, find_consensus, verdict_of
from newslake.pipeline.addons.audit.draw import AuditDraw
from newslake.pipeline.addons.audit.intervals import (
    Agreement,
    Proportion,
    cohen_kappa,
    detectable_difference,
    estimate_proportion,
)
from newslake.pipeline.addons.audit.questions import Verdict, questions_for
from newslake.pipeline.addons.audit.sheet import FilledSheet

ALL = ""  # the name of all strata together


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldScore:
    """The score of one question in one stratum, ``ALL`` for the whole population.

    ``verdicts`` counts rows per verdict. ``strict`` is the share of rows that are right, ``lenient`` the share that are
    right or partly right, both among the rows whose verdict is known; None without any. Strata are weighted with their
    size. ``open`` rows have different verdicts of two readers.
    """

    question: str
    stratum: str
    verdicts: Mapping[Verdict, int]
    open: int
    strict: Proportion | None
    lenient: Proportion | None

    @property
    def n(self) -> int:
        """Return the number of rows that count."""
        return sum(count for verdict, count in self.verdicts.items() if verdict != "unclear")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditScore:
    """The score of one draw: of its ``drawn`` rows, ``rows`` have answers.

    ``agreements`` are by question, between the first two readers; empty for one reader.

    ``detectable`` is, by question, the smallest difference between two audits of this size that they show; a question
    with too few rows is missing.
    """

    draw_id: str
    readers: tuple[str, ...]
    drawn: int
    rows: int
    fields: tuple[FieldScore, ...]
    agreements: Mapping[str, Agreement]
    detectable: Mapping[str, float]


def score_audit(draw: AuditDraw, sheets: Sequence[FilledSheet], *, decision: FilledSheet | None = None) -> AuditScore:
    """Return the score of a draw by one or more readers; ``decision`` is a third look at what they differ about."""
    consensus = find_consensus(draw.table, sheets, decision=decision)
    fields = tuple(_scores(draw, consensus))
    return AuditScore(
        draw_id=draw.draw_id,
        readers=tuple(sheet.reader for sheet in sheets),
        drawn=len(draw.rows),
        rows=sum(bool(each.verdicts or each.open) for each in consensus.values()),
        fields=fields,
        agreements=_agreements(draw.table, sheets[:2]) if len(sheets) > 1 else {},
        detectable=dict(_detectable(fields)),
    )


def _detectable(fields: Sequence[FieldScore]) -> Iterator[tuple[str, float]]:
    for each in fields:
        if each.stratum == ALL and each.strict is not None:
            n = each.strict.effective_n
            difference = detectable_difference(n, n, each.strict.share)
            if difference is not None:
                yield each.question, difference


def _scores(draw: AuditDraw, consensus: Mapping[str, RowConsensus]) -> Iterator[FieldScore]:
    strata = [stratum.name for stratum in draw.strata] if draw.design.by else []
    weights = _weights(draw, consensus)
    for question in questions_for(draw.table):
        for stratum in (ALL, *strata):
            rows = [
                (consensus[row.name], weights[row.stratum])
                for row in draw.rows
                if row.name in consensus and row.stratum in weights and stratum in (ALL, row.stratum)
            ]
            weighted = [(row.verdicts[question.name], weight) for row, weight in rows if question.name in row.verdicts]
            known = [(verdict, weight) for verdict, weight in weighted if verdict != "unclear"]
            yield FieldScore(
                question=question.name,
                stratum=stratum,
                verdicts=dict(Counter(verdict for verdict, _ in weighted)),
                open=sum(question.name in row.open for row, _ in rows),
                strict=_share(known, ("right",)),
                lenient=_share(known, ("right", "partly")),
            )


def _weights(draw: AuditDraw, consensus: Mapping[str, RowConsensus]) -> dict[str, float]:
    """Return the rows of the population per row with a verdict, by stratum: readers may not have answered all rows."""
    known = Counter(
        row.stratum
        for row in draw.rows
        if row.name in consensus and any(each != "unclear" for each in consensus[row.name].verdicts.values())
    )
    return {stratum.name: stratum.size / known[stratum.name] for stratum in draw.strata if known[stratum.name]}


def _share(weighted: Sequence[tuple[Verdict, float]], good: tuple[Verdict, ...]) -> Proportion | None:
    return estimate_proportion([verdict in good for verdict, _ in weighted], weights=[weight for _, weight in weighted])


def _agreements(table: str, sheets: Sequence[FilledSheet]) -> dict[str, Agreement]:
    one, other = ({row.name: row for row in sheet.rows} for sheet in sheets)
    both = [(one[name], other[name]) for name in sorted(one.keys() & other.keys())]
    agreements = {
        question.name: cohen_kappa(
            (first, second)
            for rows in both
            if (first := verdict_of(rows[0], question)) is not None
            and (second := verdict_of(rows[1], question)) is not None
        )
        for question in questions_for(table)
    }
    return {name: agreement for name, agreement in agreements.items() if agreement is not None}
