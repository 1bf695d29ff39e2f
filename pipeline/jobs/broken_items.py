"""What a finished run says of broken items: everything else is committed, then the run fails once per new one.

An item is new if no earlier run of the same version of newslake logged it as broken. The log tables decide, so there
is no other state to lose; after months of the log were removed, an item that broke only then is reported once again.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from newslake.pipeline.errors import BrokenItemsError
from newslake.pipeline.jobs.outcomes import BROKEN_REASONS, PageName, page_of
from newslake.pipeline.jobs.pipeline_version import failure_version, version_of
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import Outcome, pluralize

_EXAMPLES = 5
_COLUMNS = ("source_key", "url", "run_id", "reason", "decided_at")


def broken_items_error(workspace: Workspace, outcomes: Iterable[Outcome]) -> BrokenItemsError | None:
    """Return the error with which a run ends after its good items are committed; None if nothing is to report.

    ``outcomes`` are those of one run. A broken item is reported once per version. Too many quarantined
    articles, by ``NEWS_QUARANTINE_MAX_RATIO``, are reported in every run.
    """
    all_of_run = list(outcomes)
    new = _new_broken_items(workspace, all_of_run)
    sentences = [*_item_sentences(new), *_ratio_sentences(all_of_run, workspace.settings.quarantine_max_ratio)]
    return BrokenItemsError("; ".join(sentences), key=new[0].url if new else "") if sentences else None


def _item_sentences(new: Sequence[Outcome]) -> Iterator[str]:
    if new:
        named = ", ".join(f"{each.url} ({each.reason})" for each in new[:_EXAMPLES])
        more = f" and {len(new) - _EXAMPLES} more" if len(new) > _EXAMPLES else ""
        yield (
            f"{pluralize(len(new), 'item')} broke newslake for the first time: {named}{more}; everything else is "
            "committed; read `newslake why` for each, and report it"
        )


def _ratio_sentences(outcomes: Sequence[Outcome], allowed: float) -> Iterator[str]:
    derived = [each for each in outcomes if each.stage in ("derive", "commit")]
    quarantined = sum(each.outcome == "quarantined" for each in derived)
    if quarantined > max(allowed * len(derived), 1):
        days = ", ".join(sorted({each.news_day.isoformat() for each in derived}))
        yield (
            f"{quarantined} of {len(derived)} pages of {days} are quarantined; everything else is committed; read "
            "outcomes.detail, or raise NEWS_QUARANTINE_MAX_RATIO"
        )


def _new_broken_items(workspace: Workspace, outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Return the broken items that no earlier run of this version has, in the order of the outcomes."""
    unknown = {page_of(each): each for each in outcomes if each.reason in BROKEN_REASONS}
    if not unknown:
        return []
    version = failure_version(version_of(workspace.settings))
    for table in workspace.lake.log.months("outcomes", columns=_COLUMNS):
        reports = list(_earlier_reports(table, unknown))
        runs = _runs_of_version(workspace, {run_id for _, run_id in reports}, version)
        for page, run_id in reports:
            if run_id in runs:
                unknown.pop(page, None)
        if not unknown:
            break
    return list(unknown.values())


def _earlier_reports(table: pa.Table, unknown: dict[PageName, Outcome]) -> Iterator[tuple[PageName, str]]:
    """Yield the page and run of each broken item of a table that another run reported before."""
    for row in table.filter(pc.is_in(table["reason"], pa.array(BROKEN_REASONS))).to_pylist():
        page = row["source_key"], row["url"]
        own = unknown.get(page)
        if own is not None and row["run_id"] != own.run_id and row["decided_at"] <= own.decided_at:
            yield page, row["run_id"]


def _runs_of_version(workspace: Workspace, run_ids: Collection[str], version: str) -> frozenset[str]:
    """Return the runs of a version as ``failure_version`` writes it; a run that died before it was logged has none."""
    found = set()
    for row in workspace.lake.log.read_batches("runs", run_ids).to_pylist():
        versions = json.loads(row["versions"])
        if f"{versions.get('pipeline')}.{versions.get('code')}" == version:
            found.add(row["run_id"])
    return frozenset(found)
