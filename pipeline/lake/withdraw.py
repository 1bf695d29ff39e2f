"""Taking out of a lake what is damaged, so that the archive can say it again. Only on demand: a copy may be at hand."""

from collections import Counter
from collections.abc import Iterator

from pipeline.errors import LakeError
from pipeline.lake.commit import Committer
from pipeline.lake.days import Days
from pipeline.lake.layout import Disk, Layout, is_named_by_digest, sha256_of
from pipeline.lake.staging import discard_batch_at
from pipeline.lake.verify import damaged_batches, damaged_kept


def withdraw_damaged(layout: Layout, disk: Disk, days: Days) -> Iterator[str]:
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


def agrees_with_ledger(committer: Committer) -> bool:
    """Return whether the ledger has the articles of every day that it says to have as it stands."""
    for manifest in committer.days.manifests():
        if committer.ledger.generation(manifest.day) == manifest.generation:
            [held] = committer.contents([manifest.day]).values()
            if not committer.ledger.has_content(manifest.day, held.articles):
                return False
    return True
