"""Alerts on sources: those that are late, stale, failing or anomalous."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from newslake.pipeline.addons.alerts.alert import AlertCheck, AlertItem
from newslake.pipeline.addons.alerts.rules import SourceRule, SourceState
from newslake.pipeline.addons.operate.coverage import coverage
from newslake.pipeline.addons.operate.freshness import freshness
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import SourceFreshness, pluralize
from newslake.pipeline.query.connection import connect, query

_POLLS = """\
SELECT
  source_key, arg_max(result, requested_at), arg_max(reason, requested_at), max(requested_at),
  max(requested_at) FILTER (result <> 'failed')
FROM listing_fetches WHERE requested_at >= getvariable('since') GROUP BY source_key"""
_POLL_DAYS = 7  # the last request of a source that is not polled any more says nothing


@dataclass(frozen=True, slots=True)
class _Poll:
    """The last request for the listing of a source, and the time of the last answered one."""

    result: str
    reason: str | None
    at: datetime
    answered_at: datetime | None


def check_sources(workspace: Workspace, rule: SourceRule) -> AlertCheck:
    """Return one item per source and state that the rule names: late or stale ones, failing ones, anomalies."""
    wanted = {*rule.states}
    keys = rule.sources or tuple(source.key for source in workspace.sources.sources)
    fresh = freshness(workspace, source_keys=keys) if wanted - {"anomalous"} else ()
    items = [
        *(item for each in fresh for item in _lateness(each, wanted)),
        *(_failures(workspace, keys, fresh) if "failing" in wanted else ()),
        *(_anomalies(workspace, keys) if "anomalous" in wanted else ()),
    ]
    return AlertCheck(rule=rule.policy.rule, kind="state", items=tuple(items))


def _lateness(fresh: SourceFreshness, wanted: Collection[SourceState]) -> Iterator[AlertItem]:
    states: tuple[tuple[SourceState, str], ...] = (("late", "warn"), ("stale", "stale"))
    for state, status in states:
        if state in wanted and fresh.status == status:
            yield _item(fresh.source_key, state, detail=fresh.message, at=fresh.since)


def _failures(workspace: Workspace, keys: Sequence[str], fresh: Sequence[SourceFreshness]) -> Iterator[AlertItem]:
    """Yield the sources whose last request failed, and those with new pages of which none can be read.

    The keys of the two differ, so that an outage after unread pages is another alert.
    """
    late = {each.source_key: each for each in fresh}
    polls = _polls(workspace)
    for key in keys:
        poll = polls.get(key)
        if poll is not None and poll.result == "failed":
            answered = f"the last answer was at {_minute(poll.answered_at)}" if poll.answered_at else "no answer before"
            detail = f"its listing was requested at {_minute(poll.at)}: {poll.reason or 'failed'}; {answered}"
            yield _item(key, "failing", detail=detail, at=poll.at)
        elif key in late and late[key].cause == "failing" and not late[key].unread_pages:
            yield _item(key, "failing", detail=late[key].message, at=late[key].since)
        if key in late and late[key].unread_pages:
            yield _unread_item(late[key])


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _item(key: str, state: str, *, detail: str, at: datetime | None) -> AlertItem:
    command = f"newslake coverage --source {key}"
    return AlertItem(key=f"{state}:{key}", title=f"source {key} is {state}", detail=detail, command=command, at=at)


def _unread_item(fresh: SourceFreshness) -> AlertItem:
    pages = pluralize(fresh.unread_pages, "page")
    title, detail = f"no new page of source {fresh.source_key} can be read", f"{pages} not read: {fresh.unread_reason}"
    return replace(_item(fresh.source_key, "unread", detail=detail, at=fresh.since), title=title)


def _polls(workspace: Workspace) -> dict[str, _Poll]:
    connection = connect(workspace.place)
    since = workspace.settings.now() - timedelta(days=_POLL_DAYS)
    connection.execute("SET VARIABLE since = ?::TIMESTAMPTZ", [since])
    rows = query(connection, _POLLS).rows
    return {str(key): _Poll(*facts) for key, *facts in rows}  # type: ignore[arg-type]


def _anomalies(workspace: Workspace, keys: Sequence[str]) -> Iterator[AlertItem]:
    """Yield the anomalies of yesterday and today; an older one is over."""
    today = workspace.settings.now().date()
    report = coverage(workspace, first=today - timedelta(days=1), last=today, source_keys=keys)
    for source in report.sources:
        for cell in source.cells:
            for anomaly in cell.anomalies:
                yield AlertItem(
                    key=f"anomalous:{source.key}:{cell.facts.day}:{anomaly.kind}",
                    title=f"source {source.key} is anomalous on {cell.facts.day}",
                    detail=f"{anomaly.message} (cause: {anomaly.cause})",
                    command=f"newslake coverage --source {source.key} --from {cell.facts.day} --to {today}",
                )
