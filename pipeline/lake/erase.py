"""What is left of articles whose rows are gone: older objects, staged batches, kept bytes, unfinished things."""

import json
import re
import shutil
from collections.abc import Collection
from dataclasses import replace
from datetime import date

from pipeline.lake.commit import Committer
from pipeline.lake.maintenance import collect_garbage
from pipeline.lake.manifest import manifest_bytes
from pipeline.lake.staging import erase_staged
from pipeline.sqlite import transaction, vacuum_and_truncate

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_ALL = float("inf")


def erase_rows(committer: Committer, article_ids: Collection[str]) -> tuple[date, ...]:
    """Take some articles out of all tables, staged batches and cached outcomes; return the days on which they stood.

    Rows of others may still name them, and older objects still hold them: relate the days, then ``erase_traces``.
    """
    committer.roll_forward()
    days = committer.erase(article_ids)
    erase_staged(committer.layout, committer.disk, article_ids)
    with transaction(committer.index.connection) as index:
        query = "DELETE FROM verdicts WHERE article_id IN (SELECT value FROM json_each(?))"
        index.execute(query, (json.dumps(list(article_ids)),))
    return days


def erase_traces(committer: Committer, *, days: Collection[date], older_than: float) -> None:
    """Leave no byte of what the manifests do not name: no generation before the last, no unfinished thing of before.

    ``days`` are those whose rows were erased. ``older_than`` is the time (seconds since 1970) before which unfinished
    things are nobody's.
    """
    for manifest in committer.days.manifests():
        if manifest.previous:
            path = committer.layout.manifest(manifest.day)
            committer.disk.replace(path, manifest_bytes(replace(manifest, previous={})))
    objects = (committer.layout.state / "objects").glob("*/*=*")
    all_days = {date.fromisoformat(path.name.partition("=")[2]) for path in objects}
    collect_garbage(committer, days=sorted(all_days), older_than=_ALL)
    _erase_kept(committer, days)
    for path in list(committer.layout.temporary.glob("*")):
        if path.stat().st_mtime < older_than:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    vacuum_and_truncate(committer.index.connection)


def _erase_kept(committer: Committer, days: Collection[date]) -> None:
    """Remove what is kept of some days, of days without articles, and of no day: it can be made again."""
    with_articles = {each.day for each in committer.days.manifests() if "articles" in each.entries}
    for path in list(committer.layout.kept("").rglob("*")):
        named = _DAY.search(path.name)
        day = date.fromisoformat(named[0]) if named else None
        if path.is_file() and (day is None or day in days or day not in with_articles):
            path.unlink()
