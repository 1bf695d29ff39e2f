"""Taking out of a lake what is damaged, so that the archive can say it again. Only on demand: a copy may be at hand."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from pipeline.database import overwrite_database
from pipeline.errors import LakeError
from pipeline.lake.commit import Committer
from pipeline.lake.days import Days
from pipeline.lake.layout import Disk, Layout, is_named_by_digest, sha256_of
from pipeline.lake.ledger import Ledger, ledger_problems
from pipeline.lake.staging import discard_batch_at
from pipeline.lake.upkeep import recover
from pipeline.lake.verify import damaged_batches, damaged_kept


def withdraw(layout: Layout, disk: Disk, days: Days, opened: Callable[[], Committer]) -> Iterator[str]:
    """Take out all that is damaged but the log, and read what stays into the ledger; say what was done.

    Call it under the committer's lock, to the end: a commit in between would take a ledger for true that is empty.
    ``opened`` gives a committer whose ledger is closed here.
    """
    yield from _withdraw_damaged(layout, disk, days)
    is_sound = not ledger_problems(layout.ledger)
    if not is_sound:
        _empty_ledger(layout.ledger)
    committer = opened()
    with closing(committer.ledger.connection):
        if is_sound and not _agrees_with_ledger(committer):
            _empty_ledger(layout.ledger)
            is_sound = False
        if not is_sound:
            yield "emptied the ledger and made it anew: `newslake changes` calls everything new"
        yield from recover(committer)


def _empty_ledger(path: Path) -> None:
    with closing(Ledger(Path(":memory:"), durability="process").connection) as empty:
        overwrite_database(path, empty)


def _withdraw_damaged(layout: Layout, disk: Disk, days: Days) -> Iterator[str]:
    """Remove the manifest of every day with a damaged file, and all other damaged files but the log's; say what."""
    for day in days.known():
        try:
            for entry in days.manifest(day).entries.values():
                days.object_bytes(entry)
        except LakeError as error:
            disk.remove(layout.manifest(day))
            yield f"withdrew {day}: {error.key} is damaged"
    for path in (path for day in sorted(layout.days_of_objects()) for path in layout.objects_of(day)):
        if not is_named_by_digest(path, sha256_of(path.read_bytes())):
            disk.remove(path)
            yield f"removed {layout.relative(path)}, which was damaged"
    for path in damaged_batches(layout, Counter()):
        discard_batch_at(path, disk)
        yield f"removed {layout.relative(path)}, which was damaged"
    for path in damaged_kept(layout, Counter()):
        disk.remove(path)
        yield f"removed {layout.relative(path)}, which was damaged"


def _agrees_with_ledger(committer: Committer) -> bool:
    """Return whether the ledger has the articles of every day that it says to have as it stands."""
    for manifest in committer.days.manifests():
        if committer.ledger.generation(manifest.day) == manifest.generation:
            [held] = committer.contents([manifest.day]).values()
            if not committer.ledger.has_content(manifest.day, held.articles):
                return False
    return True
