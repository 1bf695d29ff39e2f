"""Correct a share of the rows by an audit: read the answers, compare them with the rows of today, and estimate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from newslake.pipeline.addons.audit.audited_rows import RowInShare, Share, StratumCounts, count_share, rows_in_share
from newslake.pipeline.addons.audit.consensus import RowConsensus, find_consensus
from newslake.pipeline.addons.audit.correction import AuditedRow, AuditedStratum, CorrectedShare, correct_share
from newslake.pipeline.addons.audit.draw import AuditDraw, DrawnRow
from newslake.pipeline.addons.audit.questions import AuditQuestion, questions_for
from newslake.pipeline.addons.audit.report import place_of, value_text
from newslake.pipeline.addons.audit.row_samples import rows_named
from newslake.pipeline.addons.audit.sheet import FilledSheet
from newslake.pipeline.addons.audit.store import AuditStore
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.query.connection import connect
from newslake.pipeline.tables import TABLE_SPECS
from newslake.pipeline.tables.spec import Row

_LEAST = 2  # audited rows of a stratum: one row has no variance
# Columns that say which row it is, not what the rules read from its text.
_FACTS = ("article_id", "revision_id", "published_at", "source_key", "url", "canonical_url", "domain", "fetched_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditCorrection:
    """A corrected share. ``drawn_size`` is the size of the population when it was drawn; ``share.size`` is today's.

    ``unknown`` rows have no verdict, because readers cannot tell, differ, or gave no answer. ``gone`` and ``changed``
    are names of rows that the lake no longer has, or has with other values, another text or in another stratum. None of
    these three counts. ``uncorrected`` rows have a wrong value, and no reader says what it should be: it counts as
    null. ``unjudged`` are columns of the conditions that no question judges: they count as the tables have them.
    ``pooled`` are strata with fewer than two verdicts, which count as one.
    """

    share: CorrectedShare
    drawn_size: int
    unknown: int
    gone: tuple[str, ...]
    changed: tuple[str, ...]
    uncorrected: int
    unjudged: tuple[str, ...]
    pooled: tuple[str, ...]


def correct_by_audit(
    workspace: Workspace,
    draw: AuditDraw,
    sheets: Sequence[FilledSheet],
    share: Share,
    *,
    decision: FilledSheet | None = None,
) -> AuditCorrection:
    """Return a share of the population of a draw, as it is in the lake now, corrected by the answers of readers.

    A row that is not what its table says (the gate is wrong) is in neither part of the share, unless a reader says what
    it should be. A wrong value counts as what it should be, as null if no reader says it.
    Raises: ConfigError for a condition that DuckDB rejects, and for too few audited rows.
    """
    consensus = find_consensus(draw.table, sheets, decision=decision)
    questions = _questions_of(draw.table, share)
    population, by = draw.population, draw.design.by
    excluded = AuditStore(workspace.settings).articles_of(draw.design.without)
    with connect(
        workspace.place, since=population.first, until=population.last, source=population.source
    ) as connection:
        stored = rows_named(connection, draw.table, (row.name for row in draw.rows))
        counts = count_share(connection, population, share, by=by, excluded=excluded)
        there = rows_in_share(connection, population, share, {name: {} for name in stored}, by=by)
        changed = {row.name for row in draw.rows if row.name in stored and _has_changed(row, stored, there, questions)}
        known = {
            name: each
            for name, each in consensus.items()
            if name in stored and name not in changed and _is_known(each, questions)
        }
        valid = {name: _corrections(each, questions) for name, each in known.items() if _is_valid(each, questions)}
        true = rows_in_share(connection, population, share, valid, by="")
    strata, pooled = _pool(counts, _by_stratum({name: there[name] for name in known}, true))
    gone = tuple(row.name for row in draw.rows if row.name not in stored)
    return AuditCorrection(
        share=correct_share(strata),
        drawn_size=draw.size,
        unknown=len(draw.rows) - len(gone) - len(changed) - len(known),
        gone=gone,
        changed=tuple(sorted(changed)),
        uncorrected=sum(None in each.values() for each in valid.values()),
        unjudged=_unjudged(draw.table, share),
        pooled=pooled,
    )


def _by_stratum(predicted: Mapping[str, RowInShare], true: Mapping[str, RowInShare]) -> dict[str, list[AuditedRow]]:
    """Return the audited rows of each stratum; a row that is missing in ``true`` should not exist."""
    strata: dict[str, list[AuditedRow]] = {}
    for name, before in predicted.items():
        after = true.get(name)
        strata.setdefault(before.stratum, []).append(
            AuditedRow(
                is_predicted_in_denominator=before.is_in_denominator,
                is_predicted_in_numerator=before.is_in_numerator,
                is_in_denominator=after is not None and after.is_in_denominator,
                is_in_numerator=after is not None and after.is_in_numerator,
            )
        )
    return strata


def _pool(
    counts: Mapping[str, StratumCounts], audited: Mapping[str, list[AuditedRow]]
) -> tuple[list[AuditedStratum], tuple[str, ...]]:
    """Return the strata, and the names of those that are pooled: they have fewer than two audited rows.

    If the pool has fewer than two, too, the smallest other stratum is added to it.
    Raises: ConfigError for fewer than two audited rows in all.
    """
    if sum(map(len, audited.values())) < _LEAST:
        raise ConfigError("fewer than two drawn rows have a verdict that counts; judge more rows", key="sheet")
    pool = [name for name in counts if len(audited.get(name, ())) < _LEAST]
    others = sorted((name for name in counts if name not in pool), key=lambda name: counts[name].size)
    while pool and sum(len(audited.get(name, ())) for name in pool) < _LEAST:
        pool.append(others.pop(0))
    groups = [*([pool] if pool else []), *([name] for name in others)]
    return [_stratum(names, counts, audited) for names in groups], tuple(pool)


def _stratum(
    names: Sequence[str], counts: Mapping[str, StratumCounts], audited: Mapping[str, list[AuditedRow]]
) -> AuditedStratum:
    return AuditedStratum(
        name=", ".join(names),
        size=sum(counts[name].size for name in names),
        predicted_denominator=sum(counts[name].denominator for name in names),
        predicted_numerator=sum(counts[name].numerator for name in names),
        rows=[row for name in names for row in audited.get(name, ())],
    )


def _questions_of(table: str, share: Share) -> tuple[AuditQuestion, ...]:
    """Return the questions that decide whether a row is in a share: the gate, and those about its columns."""
    return tuple(each for each in questions_for(table) if each.is_gate or each.column in share.words)


def _unjudged(table: str, share: Share) -> tuple[str, ...]:
    judged = {each.column for each in questions_for(table)}
    columns = [name for name in TABLE_SPECS[table].schema.names if name not in judged and name not in _FACTS]
    return tuple(name for name in columns if name.casefold() in share.words)


def _has_changed(
    drawn: DrawnRow, stored: Mapping[str, Row], there: Mapping[str, RowInShare], questions: Sequence[AuditQuestion]
) -> bool:
    """Return whether a row is not the one that was drawn, has another value, or is in another stratum or in none."""
    row = stored[drawn.name]
    if drawn.name not in there or there[drawn.name].stratum != drawn.stratum or place_of(row) != drawn.place:
        return True
    return any(value_text(row[each.column]) != drawn.values[each.column] for each in questions if each.column)


def _is_known(row: RowConsensus, questions: Sequence[AuditQuestion]) -> bool:
    """Return whether every question that applies to a row has a verdict."""
    for question in questions:
        verdict = row.verdicts.get(question.name, "unclear")
        if verdict == "unclear" or (question.is_gate and verdict != "right"):
            return verdict != "unclear"
    return True


def _is_valid(row: RowConsensus, questions: Sequence[AuditQuestion]) -> bool:
    """Return whether a row is what its table says, or a reader says what it should be."""
    gates = (each for each in questions if each.is_gate)
    return all(row.verdicts[each.name] == "right" or each.column in row.corrections for each in gates)


def _corrections(row: RowConsensus, questions: Sequence[AuditQuestion]) -> dict[str, str | None]:
    """Return the columns of a row that are not right, with what they should be."""
    wrong = [each.column for each in questions if row.verdicts.get(each.name) in ("wrong", "missing")]
    return {column: None for column in wrong if column} | dict(row.corrections)
