"""The damage of the state of alerts, and the part of takedowns in it."""

import json
import re
from collections.abc import Iterator

from newslake.pipeline.addons.alerts.state import ALERT_STATE, ALERTS
from newslake.pipeline.archive import TakedownPlan
from newslake.pipeline.model import canonical_url
from newslake.pipeline.settings import Settings
from newslake.pipeline.sqlite_checks import problems_of_database
from newslake.pipeline.store.side_state import SideRow, SideRows, SideState
from newslake.pipeline.store.sqlite_side_state import statements_of

_URL = re.compile(r"https?://[^\s\"\\<>]*[^\s\"\\<>.,;:!?)\]]")  # in a text, without the punctuation that follows


def problems_of_alerts(settings: Settings, *, is_quick: bool = False) -> Iterator[str]:
    """Yield the damage of the database of alerts, as sentences with advice; nothing if there are no alerts."""
    path = settings.data_dir / ALERTS
    for problem in problems_of_database(path, schema=statements_of(ALERT_STATE), is_quick=is_quick):
        yield f"{path} {problem}; {ALERT_STATE.advice}"


def erase_from_alerts(state: SideState, work: TakedownPlan) -> int:
    """Delete what alerts say about the articles of a plan; return how many items were deleted.

    The Atom files are deleted too; the next check, or `newslake forget` itself, writes them again from what is left. A
    killed attempt is simply made again: the database is rewritten also if it has nothing about them.
    """
    if not state.has_files():
        return 0
    counts = [0]  # of each try: if only the answer to the commit was lost, the next one finds nothing

    def erase(rows: SideRows) -> None:
        counts.append(_erase_open(rows, work) + _erase_items(rows, work))

    with state.exclusive() as lock:
        state.delete_files()
        if state.has_rows():
            state.change(erase, lock=lock)
            state.vacuum()
    return max(counts)


def _erase_open(rows: SideRows, work: TakedownPlan) -> int:
    doomed = [row for row in rows.fetch("SELECT * FROM alerts_open") if _is_about(work, row)]
    for row in doomed:
        rows.execute("DELETE FROM alerts_open WHERE rule = ? AND key = ?", row["rule"], row["key"])
    return len(doomed)


def _erase_items(rows: SideRows, work: TakedownPlan) -> int:
    doomed = [row for row in rows.fetch("SELECT * FROM alerts_items") if _is_about(work, row)]
    for row in doomed:
        rows.execute("DELETE FROM alerts_items WHERE seq = ? AND position = ?", row["seq"], row["position"])
        _shrink(rows, row["seq"])
    return len(doomed)


def _shrink(rows: SideRows, seq: int) -> None:
    """Count one item less in a message; delete a message that has none left."""
    for row in rows.fetch("SELECT * FROM alerts_messages WHERE seq = ?", seq):
        *values, _ = {**row, "total": row["total"] - 1}.values()
        rows.put("alerts_messages", *values)
        if row["total"] <= 1:
            for table in ("alerts_messages", "alerts_deliveries"):
                rows.execute(f"DELETE FROM {table} WHERE seq = ?", seq)  # noqa: S608 - constants


def _is_about(work: TakedownPlan, row: SideRow) -> bool:
    """Return whether an item is about an article of the plan: by its id or its address, or because it names one."""
    content = row["content"]
    if row["article_id"] in work.article_ids or any(each in content for each in (*work.article_ids, *work.page_keys)):
        return True
    try:
        json.loads(content)
    except ValueError:  # damaged: it may be about any article
        return True
    return any(_key_of(url) in work.page_keys for url in _URL.findall(content))


def _key_of(url: str) -> str | None:
    try:
        return canonical_url(url)
    except ValueError:
        return None
