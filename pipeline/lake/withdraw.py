"""Taking out of a lake what is damaged, so that the archive can say it again. Only on demand: a copy may be at hand."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from pipeline.errors import LakeError
from pipeline.lake.article_index import ArticleIndex, index_problems
from pipeline.lake.commit import Committer
from pipeline.lake.maintenance import recover
from pipeline.lake.partitions import Days
from pipeline.lake.staging import discard_batch_at
from pipeline.lake.storage import Disk, Layout, is_named_by_digest, sha256_of
from pipeline.lake.verify import damaged_batches, damaged_cache_files
from pipeline.sqlite import overwrite_database


def drop_damaged(layout: Layout, disk: Disk, days: Days, open_committer: Callable[[], Committer]) -> Iterator[str]:
    """Take out all that is damaged but the log, and read what stays into the index; yield a sentence per action.

    Call it under the committer's lock, to the end: a commit in between would trust an empty index.
    ``open_committer`` gives a committer whose index is closed here.
    """
    yield from _drop_damaged_files(layout, disk, days)
    is_sound = not index_problems(layout.index)
    if not is_sound:
        _empty_index(layout.index)
    committer = open_committer()
    with closing(committer.index.connection):
        if is_sound and not _agrees_with_index(committer):
            _empty_index(layout.index)
            is_sound = False
        if not is_sound:
            yield "emptied the ledger and made it anew: `newslake changes` calls everything new"
        yield from recover(committer)


def _empty_index(path: Path) -> None:
    with closing(ArticleIndex(Path(":memory:"), durability="process").connection) as empty:
        overwrite_database(path, empty)


def _drop_damaged_files(layout: Layout, disk: Disk, days: Days) -> Iterator[str]:
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
    for path in damaged_cache_files(layout, Counter()):
        disk.remove(path)
        yield f"removed {layout.relative(path)}, which was damaged"


def _agrees_with_index(committer: Committer) -> bool:
    """Return whether the index has the articles of every day at the generation that it reflects."""
    for manifest in committer.days.manifests():
        if committer.index.generation(manifest.day) == manifest.generation:
            [held] = committer.contents([manifest.day]).values()
            if not committer.index.has_content(manifest.day, held.articles):
                return False
    return True
