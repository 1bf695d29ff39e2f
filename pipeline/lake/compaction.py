"""Compaction: a closed month has one file per table in place of a file per day.

The bytes of a closed month depend on its rows alone, not on the order in which they came.
"""

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import pyarrow as pa

from newslake.pipeline.errors import ConfigError, LakeError
from newslake.pipeline.lake.commit import Committer
from newslake.pipeline.lake.exchange import check_exchange
from newslake.pipeline.lake.maintenance import stray_files
from newslake.pipeline.lake.manifests import DayState, Entry, MonthManifest, TableDay
from newslake.pipeline.lake.partitions import LakeState, digest_of
from newslake.pipeline.lake.storage import Month, encode, encode_days, month_of
from newslake.pipeline.model import pluralize
from newslake.pipeline.tables import TABLE_SPECS

_WRITERS = 2  # threads: one table is read and encoded while another is written to the disk


def months_to_compact(
    committer: Committer, *, months: Collection[Month] | None, quiet_days: int
) -> Mapping[Month, bool]:
    """Return the months to close or to rewrite, in order, and whether each is to be closed.

    Without ``months``, those that ended and were quiet for ``quiet_days`` days, and all with files of older columns.
    Raises: ConfigError for a month that the lake does not have.
    """
    state = committer.partitions.state()
    if months is not None and (unknown := sorted(set(months) - set(state.head.months))):
        raise ConfigError(f"the lake has no rows of {unknown[0]}; a month is written YYYY-MM", key=unknown[0])
    closing = set(_ended_months(committer, state, quiet_days) if months is None else months)
    chosen = set(state.head.months if months is None else months)
    return {month: month in closing for month in sorted(chosen) if _is_due(state, month, closes=month in closing)}


def _is_due(state: LakeState, month: Month, *, closes: bool) -> bool:
    """Return whether there is something to do; also if the manifest is damaged, so that the compaction names it."""
    try:
        manifest = state.month(month)
    except LakeError:
        return True
    return (closes and not manifest.is_closed) or not _is_current(manifest)


def compact_month(committer: Committer, month: Month, *, closes: bool) -> str | None:
    """Close a month, or rewrite its files of older columns; return a sentence, or None if there is nothing to do.

    Raises: LakeError (no_exchange, foreign_file); nothing is changed.
    """
    manifest = committer.partitions.state().month(month)
    closes = closes and not manifest.is_closed  # another process may have closed it
    if closes:
        _check_folders(committer, month)
    return _compact(committer, month, closes=closes) if closes or not _is_current(manifest) else None


def _ended_months(committer: Committer, state: LakeState, quiet_days: int) -> Iterator[Month]:
    """Yield the months that ended and were not changed for some days."""
    quiet_since = committer.now().date() - timedelta(days=quiet_days)
    for month in state.head.months:
        changed_at = committer.index.changed_at(month)
        has_ended = month < month_of(quiet_since)
        if has_ended and changed_at is not None and changed_at.date() <= quiet_since:
            yield month


def _check_folders(committer: Committer, month: Month) -> None:
    """Raises: LakeError if the month's folders cannot be exchanged, or have a file that is not ours.

    Each public folder is exchanged for one with the same files: new folders can be exchanged also where older ones
    cannot, such as those of a lower layer of an overlay.
    """
    folders = [committer.layout.temporary, committer.layout.root / "tables"]
    for folder in folders:
        committer.disk.folder(folder)
    check_exchange(folders[0])
    if len({folder.stat().st_dev for folder in folders}) > 1:
        message = f"{month} cannot be closed: {folders[0]} and {folders[1]} are on different file systems"
        raise LakeError(message, key=str(folders[0]), reason="no_exchange")
    for path in stray_files(committer, month):
        name = committer.layout.relative(path)
        message = f"{name} is not a file of newslake, so {month} cannot be closed; move it out of the lake"
        raise LakeError(message, key=name, reason="foreign_file")
    committer.partitions.exchange_month(month)


def _is_current(manifest: MonthManifest) -> bool:
    return all(entry.columns == TABLE_SPECS[name].fingerprint for name, _, entry in manifest.entries())


def _compact(committer: Committer, month: Month, *, closes: bool) -> str:
    """Rewrite the files of one month, and commit them."""
    state = committer.partitions.state()
    old = state.month(month)
    is_closed = old.is_closed or closes
    with ThreadPoolExecutor(_WRITERS) as pool:
        rewritten = pool.map(lambda name: _rewrite(committer, old, name, is_closed), old.files)
        parts = dict(zip(old.files, rewritten, strict=True))
    days = {
        day: DayState(day_state.generation, {name: parts[name][1][day] for name in day_state.tables})
        for day, day_state in old.days.items()
    }
    new = replace(
        old,
        generation=old.generation + 1,
        is_closed=is_closed,
        days=days,
        files={name: files for name, (files, _) in parts.items()},
    )
    committer.index.write_intent([month])
    before = sum(1 for _ in old.entries())
    committer.partitions.commit(state, [new])
    committer.store([month])
    after = sum(1 for _ in new.entries())
    return f"{month}: {pluralize(before, 'file')} of the tables became {after}"


def _rewrite(
    committer: Committer, old: MonthManifest, name: str, is_closed: bool
) -> tuple[dict[str, Entry], dict[date, TableDay]]:
    """Write a table's file of a month, or its files per day; return them, and the digests of its days."""
    spec = TABLE_SPECS[name]
    is_current = all(each.columns == spec.fingerprint for each in old.files[name].values())
    digests: dict[date, TableDay] = {}

    def by_day() -> Iterator[tuple[date, pa.Table]]:
        for day, rows in committer.partitions.days(old, spec):
            before = old.days[day].tables[name]
            digests[day] = before if is_current else TableDay(rows.num_rows, digest_of(encode(rows, spec)))
            yield day, rows

    write = committer.partitions.write_object
    if not is_closed:
        return {
            str(day): write(old, spec, str(day), encode(rows, spec), rows.num_rows) for day, rows in by_day()
        }, digests
    data = encode_days((rows for _, rows in by_day()), spec)
    return {old.month: write(old, spec, old.month, data, sum(each.rows for each in digests.values()))}, digests
