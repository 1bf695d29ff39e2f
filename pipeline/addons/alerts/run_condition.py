"""Alerts on runs: those that failed, and items that broke newslake."""

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta

from newslake.pipeline.addons.alerts.alert import AlertCheck, AlertItem
from newslake.pipeline.addons.alerts.rules import RunRule
from newslake.pipeline.jobs.outcomes import BROKEN_REASONS
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.query.connection import Connection, connect, query

_ITEMS_MAX = 1_000
_FAILED_RUNS = """\
SELECT run_id, started_at, committed_at, counts FROM runs
WHERE status = 'failed' AND started_at >= getvariable('since') ORDER BY started_at DESC, run_id"""
_BROKEN_ITEMS = """\
SELECT source_key, url, max(article_id), arg_max(reason, decided_at), arg_max(detail, decided_at), max(decided_at)
FROM outcomes
WHERE reason IN (SELECT unnest(getvariable('reasons'))) AND decided_at >= getvariable('since')
GROUP BY source_key, url ORDER BY max(decided_at) DESC, source_key, url"""


def check_runs(workspace: Workspace, rule: RunRule, *, public_url: str | None) -> AlertCheck:
    """Return the failed runs and the broken items of the last days, newest first; each is reported once."""
    connection = connect(workspace.place)
    since = workspace.settings.now() - timedelta(days=rule.days)
    connection.execute("SET VARIABLE since = ?::TIMESTAMPTZ", [since])
    connection.execute("SET VARIABLE reasons = ?::VARCHAR[]", [list(BROKEN_REASONS)])
    news = [
        *(_failed_runs(connection) if "failed" in rule.events else ()),
        *(_broken_items(connection, public_url) if "broken" in rule.events else ()),
    ]
    unlisted = tuple(each.key for each in news[_ITEMS_MAX:])
    return AlertCheck(rule=rule.policy.rule, kind="rows", items=tuple(news[:_ITEMS_MAX]), unlisted=unlisted)


def _failed_runs(connection: Connection) -> Iterator[AlertItem]:
    """Yield the failed runs; of those of a day in which the same failed, only the last: cron may run each hour.

    What failed ends at a colon, and its reason follows: another reason is no other failure.
    """
    known = set()
    for row in query(connection, _FAILED_RUNS).records():
        errors, run_id, at = json.loads(str(row["counts"])).get("errors", []), str(row["run_id"]), row["started_at"]
        failed = (str(each).partition(": ")[0] for each in errors)
        key = _hash(f"{run_id.partition('.')[0]}\n{at:%Y-%m-%d}", *failed)
        if key not in known:
            known.add(key)
            yield AlertItem(
                key=f"run:{key}",
                title=f"run {run_id} failed",
                detail="\n".join(map(str, errors)),
                at=row["committed_at"],  # type: ignore[arg-type]
            )


def _broken_items(connection: Connection, public_url: str | None) -> Iterator[AlertItem]:
    for source, url, article_id, reason, detail, at in query(connection, _BROKEN_ITEMS).rows:
        is_online = str(url).startswith(("http://", "https://"))
        yield AlertItem(
            key=f"broken:{_hash(str(source), str(url))}",
            title=f"an item of source {source} broke newslake ({reason})",
            detail=f"{url}\n{detail or ''}".strip(),
            article_id=str(article_id) if article_id else None,
            article_url=str(url) if is_online else None,
            receipt=f"{public_url}/newsroom/articles/{article_id}" if public_url and article_id else None,
            command=f"newslake why {article_id}" if article_id else f"newslake why '{url}'",
            at=at,  # type: ignore[arg-type]
        )


def _hash(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
