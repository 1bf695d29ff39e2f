"""Daily maintenance: verify and repair archive and lake, compact, write the cluster tables that dead runs left."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

import pyarrow as pa

from newslake.pipeline.addon_registry import addons_of
from newslake.pipeline.archive import Damage
from newslake.pipeline.errors import ConfigError, LakeError, MissingStoreError, StoreError
from newslake.pipeline.jobs.cluster import cluster
from newslake.pipeline.jobs.inventory import (
    ARCHIVE,
    LAKE,
    STATE,
    check_stores,
    give_up,
    has_state,
    missing_stores,
    note_stores,
    sentence_of_loss,
)
from newslake.pipeline.jobs.outcomes import append_run
from newslake.pipeline.jobs.pipeline_version import versions_of
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.lake import Depth
from newslake.pipeline.model.outcome import RunKind
from newslake.pipeline.store.store import OBJECTS
from newslake.pipeline.upkeep.addon_takedown import out_of_reach
from newslake.pipeline.upkeep.takedown import finish_takedowns

log = logging.getLogger(__name__)

# Verification of the lake and the archive.

_NIGHTS = 28  # nights, in which every day is read once


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """What was checked, and the problems: sentences that name each and say what to do.

    ``rows`` are those of the lake, ``records`` the captures and attempts of the archive; ``files`` counts both.
    """

    problems: tuple[str, ...]
    files: int
    megabytes: float
    rows: int
    records: int
    seconds: float

    @property
    def counts(self) -> dict[str, float]:
        """How much was checked, and how long it took."""
        return {name: value for name, value in asdict(self).items() if name != "problems"}


def read_nothing(day: date) -> bool:
    """Read no day's rows and records."""
    return False


def read_everything(day: date) -> bool:
    """Read every day's rows and records."""
    return True


def nightly_share(today: date) -> Callable[[date], bool]:
    """Return which days to read tonight: yesterday and one in 28 of all others, so that four weeks read each once."""
    return lambda day: (today - day).days % _NIGHTS == 1


def verify(workspace: Workspace, *, reads: Callable[[date], bool] = read_nothing) -> VerifyReport:
    """Check every byte of the lake; for the published and news days that ``reads`` selects, every row and record too.

    If any day is selected, the databases of the archive and of add-ons are checked as well. A row's provenance is
    intact if its record is in the index. For the selected days, the indexed records are also checked against their
    digests.
    """
    began, tally = time.monotonic(), Counter[str]()
    missing = missing_stores(workspace.settings)
    if lost := workspace.store.missing():  # each of these services needs the others
        return _report(tuple({**missing, **lost}.values()), tally, began=began)
    damages = [] if reads is read_nothing else list(damages_of_archive(workspace, reads=reads, tally=tally))
    depth = Depth(reads=reads, check=partial(_check_payload_digests, workspace), tally=tally)
    if ARCHIVE in missing or any(damage.is_of_index for damage in damages):
        depth = Depth(reads=reads, tally=tally)
    lake = () if LAKE in missing else tuple(workspace.lake.verify(depth))
    parts, errors = addons_of(workspace.settings.addons).collect(
        "verify_part", workspace=workspace, is_deep=reads is not read_nothing, has_lake=LAKE not in missing and not lake
    )
    others = (*(line for _, lines in parts for line in lines), *map(str, errors))
    snapshots = workspace.lake.snapshots.verify_all() if reads is read_everything and LAKE not in missing else ()
    problems = (*missing.values(), *map(str, damages), *lake, *others, *snapshots)
    return _report(problems, tally, began=began)


def _report(problems: tuple[str, ...], tally: Counter[str], *, began: float) -> VerifyReport:
    return VerifyReport(
        problems=problems,
        files=tally["files"],
        megabytes=tally["bytes"] / 1e6,
        rows=tally["rows"],
        records=tally["records"],
        seconds=time.monotonic() - began,
    )


def damages_of_archive(
    workspace: Workspace, *, reads: Callable[[date], bool] = read_everything, tally: Counter[str] | None = None
) -> Iterator[Damage]:
    """Yield the damages of the archive, of the fetch state and of the takedowns, unless they are missing."""
    missing = missing_stores(workspace.settings)
    if ARCHIVE not in missing:
        yield from workspace.archive.verify(reads=reads, tally=tally)
    if STATE not in missing:
        yield from damages_of_state(workspace)


def damages_of_state(workspace: Workspace, *, is_quick: bool = False) -> Iterator[Damage]:
    """Yield the damages of the fetch state; if it is sound, how the takedowns differ from copies and deletions.

    ``is_quick`` does not read every row of the fetch state.
    """
    damages = list(workspace.fetch_state.verify(is_quick=is_quick))
    yield from damages
    if damages or not has_state(workspace.settings):
        return
    yield from workspace.takedowns.verify()
    for takedown_id in [] if LAKE in missing_stores(workspace.settings) else workspace.unknown_deletions():
        message = (
            f"the log table deletions has takedown {takedown_id}, the blocklist has not; run `newslake lake repair`"
        )
        yield Damage("state.sqlite", None, None, message)


def repair(
    workspace: Workspace, *, drops_damaged: bool = False, gives_up: Collection[str] = ()
) -> dict[str, tuple[str, ...]]:
    """Finish what dead processes left in archive and lake, and restore what was lost; return what was done, by part.

    "add-ons" are their errors, and sentences about data of articles that no takedown reaches.
    ``gives_up`` names the missing stores to go on without; ``drops_damaged`` first gives up what is damaged.
    Raises: MissingStoreError for a missing store that is not named, before anything is changed; ConfigError for a name
    of no missing store.
    """
    settings = workspace.settings
    for name in missing_stores(settings):
        if name not in gives_up and (drops_damaged or name in (ARCHIVE, STATE, LAKE)):
            check_stores(settings, name)
    done = _give_up(workspace, gives_up)
    is_archive_lost = not {ARCHIVE, OBJECTS}.isdisjoint(gives_up)
    done["archive"] = workspace.archive.recover(drops_damaged=drops_damaged or is_archive_lost)
    done["lake"] = workspace.lake.recover(drops_damaged=drops_damaged)
    if drops_damaged:
        done["state"] = workspace.fetch_state.drop_damaged()
    done["takedowns"] = (*workspace.restore_takedowns(), *finish_takedowns(workspace))
    parts, errors = addons_of(settings.addons).collect("repair_part", workspace=workspace)
    done |= {info.name: tuple(lines) for info, lines in parts if lines}
    if sentences := (*map(str, errors), *out_of_reach(workspace)):
        done["add-ons"] = sentences
    note_stores(settings)
    return done


def _give_up(workspace: Workspace, names: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Go on without missing stores, those that are services after those of the data root; return what was done."""
    lost = workspace.store.missing()
    if others := [name for name in lost if name not in names]:
        raise MissingStoreError(lost[others[0]], key=others[0], reason="store_missing")
    if not names:
        return {}
    done = give_up(workspace.settings, [name for name in names if name not in lost], others=lost)
    services = [name for name in lost if name in names]
    workspace.store.give_up(services)
    return {"stores": (*done, *map(sentence_of_loss, services))}


def _check_payload_digests(workspace: Workspace, articles: pa.Table) -> Iterator[str]:
    refs = dict(zip(articles["payload_digest"].to_pylist(), articles["article_id"].to_pylist(), strict=True))
    refs.pop(None, None)
    for ref in sorted(refs.keys() - workspace.archive.held(refs)):
        advice = "put its WARC file back, or `newslake push` its URL"
        yield f"articles.payload_digest: the archive has no {ref}, the payload of article {refs[ref]}; {advice}"


# Compaction.


@dataclass(frozen=True, slots=True)
class CompactReport:
    """What was compacted: a sentence per month, and per log table and month. ``problems`` are of months that stay."""

    tables: tuple[str, ...]
    log: tuple[str, ...]
    problems: tuple[str, ...]


def compact(workspace: Workspace, *, months: Collection[str] | None = None, is_quiet: bool = True) -> CompactReport:
    """Make one file per table of some months, or of those that ended; with ``is_quiet`` some days ago, and quiet since.

    A month with a damaged file, or with a file of others, stays as it is and is reported; the other months follow.
    Raises: ConfigError for a month that the lake does not have, or that has not ended; LakeError (no_exchange).
    """
    settings, errors = workspace.settings, list[LakeError | StoreError]()
    check_stores(settings, LAKE)
    present = f"{settings.now():%Y-%m}"
    if unended := [each for each in sorted(months or ()) if each[:1].isdigit() and each >= present]:
        message = f"{unended[0]} has not ended: each commit would write the files of the whole month again"
        raise ConfigError(message, key=unended[0])
    quiet_days = settings.compact_after_days if is_quiet and months is None else 0
    take = errors.append
    tables = workspace.lake.compact(months=months, quiet_days=quiet_days, on_error=take)
    with workspace.store.leases.writer():  # a takedown waits: its redaction would not find rows in a file not yet in
        log_lines = workspace.lake.log.compact(now=settings.now(), quiet_days=quiet_days, months=months, on_error=take)
    return CompactReport(tables=tables, log=log_lines, problems=tuple(map(str, errors)))


def compact_quiet(workspace: Workspace) -> dict[str, tuple[str, ...]]:
    """Compact what is due, and remove old months of the log; return sentences, by kind.

    A file system that cannot exchange folders is a warning: it would be the same every night, and nothing is lost.
    Raises: LakeError (not_compacted) with the months that stay as they are, after all else is done.
    """
    settings = workspace.settings
    try:
        done = compact(workspace)
    except LakeError as error:
        if error.reason != "no_exchange":
            raise
        log.warning("%s", error)
        return {"compacted": (), "warnings": (str(error),)}
    keep = settings.log_keep_months
    expired = () if keep is None else workspace.lake.log.expire(now=settings.now(), keep_months=keep)
    if done.problems:
        log.info("compacted: %s", "; ".join((*done.tables, *done.log)) or "nothing")
        raise LakeError("; ".join(done.problems), key=done.problems[0], reason="not_compacted")
    return {"compacted": (*done.tables, *done.log), "log_removed": expired}


# The daily maintenance run.

_RUNS_MAX = 1000  # a backfill of a year writes 730


def relate_recent(workspace: Workspace, *, day: date) -> int:
    """Cluster the days of the newest runs again, because some may have died before clustering; return how many files
    changed."""
    runs = workspace.lake.log.read("runs", newest=_RUNS_MAX)
    touched = {date.fromisoformat(each) for days in runs["days_touched"].to_pylist() for each in days}
    return cluster(workspace, news_day=day, days=touched.intersection(workspace.lake.days()))


def finish_upkeep(  # noqa: PLR0913 - what the row of the run says
    workspace: Workspace,
    *,
    done: Mapping[str, Any],
    day: date,
    run_id: str,
    kind: RunKind,
    started_at: datetime,
    late: Sequence[str] = (),
) -> dict[str, object]:
    """Call the nightly work of the add-ons, and log the run; return its counts, with all warnings.

    ``late`` are sentences about sources that are late or stale, which the caller has logged.
    """
    results, errors = addons_of(workspace.settings.addons).collect("maintenance", workspace=workspace, day=day)
    warnings = [*(line for _, each in results for line in each.warnings), *map(str, errors)]
    for warning in warnings:
        log.warning("%s", warning)
    for line in (line for _, each in results for line in each.lines):
        log.info("%s", line)
    more = {name: value for _, each in results for name, value in each.counts.items()}
    sentences = [*done.get("warnings", ()), *warnings, *late]
    counts = {**done, "day": day.isoformat(), **more, "warnings": sentences}
    append_run(
        workspace,
        run_id=run_id,
        kind=kind,
        started_at=started_at,
        counts=counts,
        days=(),
        versions=versions_of(workspace.settings),
    )
    return counts
