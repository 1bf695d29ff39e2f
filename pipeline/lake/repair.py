"""Repair on demand: drop damaged files, so that their days are derived again, and restore a lost head or index."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from newslake.pipeline.errors import LakeError
from newslake.pipeline.lake.article_index import ArticleIndex, index_problems
from newslake.pipeline.lake.commit import Committer
from newslake.pipeline.lake.log_tables import drop_missing_log_files
from newslake.pipeline.lake.maintenance import recover, restore_head
from newslake.pipeline.lake.manifests import MonthManifest
from newslake.pipeline.lake.partitions import LakeState, Partitions
from newslake.pipeline.lake.staging import discard_batch_at
from newslake.pipeline.lake.storage import Disk, Layout, Month, files_in, is_named_by_digest, sha256_of
from newslake.pipeline.lake.verify import ALL_NEW, damaged_batches, damaged_cache_files
from newslake.pipeline.model import pluralize
from newslake.pipeline.sqlite import overwrite_database


def drop_damaged(
    layout: Layout, disk: Disk, partitions: Partitions, open_committer: Callable[[], Committer]
) -> Iterator[str]:
    """Remove all damaged files except the log, and read the rest into the index; yield a sentence per action.

    The days can be derived again from the archive. It runs only on demand: the operator may have a copy of the files.
    Exhaust the iterator under the committer's lock: a commit in between would trust an empty index.
    ``open_committer`` returns a committer whose index is closed here.
    """
    has_index, is_sound = layout.index.exists(), not index_problems(layout.index)
    if not is_sound:
        _empty_index(layout.index)
    committer = open_committer()
    with closing(committer.index.connection):
        may_be_unfinished = not (has_index and is_sound) or bool(committer.index.intent())
        # If this process dies, the next one reads every month again: the index names articles that are dropped here.
        months = sorted(layout.months_on_disk())
        committer.index.write_intent(months)
        yield from _mend_head(layout, disk, partitions, may_be_unfinished=may_be_unfinished)
        yield from _drop_damaged_files(layout, disk, partitions)
        if is_sound and not _agrees_with_index(committer):
            _empty_index(layout.index)
            is_sound = False
        if not is_sound:
            yield f"rebuilt the article index: {ALL_NEW}"
        if stale := committer.store(months):
            yield f"read {pluralize(len(stale), 'day')} into the article index"
        yield from recover(committer)
        yield from drop_missing_log_files(layout.root, committer.disk, committer.index)


def _mend_head(layout: Layout, disk: Disk, partitions: Partitions, *, may_be_unfinished: bool) -> Iterator[str]:
    """Restore a head that is missing or damaged; ``may_be_unfinished`` is as for ``restore_head``."""
    try:
        partitions.head()
    except LakeError as error:
        if error.reason not in {"head_broken", "head_missing"}:
            raise
        restore_head(layout, disk, may_be_unfinished=may_be_unfinished)
        yield f"named the newest manifest of each month again, because {layout.relative(layout.head)} was lost"


def _empty_index(path: Path) -> None:
    with closing(ArticleIndex(Path(":memory:"), durability="process").connection) as empty:
        overwrite_database(path, empty)


def _drop_damaged_files(layout: Layout, disk: Disk, partitions: Partitions) -> Iterator[str]:
    """Drop days with a damaged file, and closed months as a whole; remove all other damaged files except the log's."""
    state = partitions.state()
    for month in layout.months_on_disk():
        partitions.drop_unnamed(state.head, month)
    for month in sorted(state.head.months):
        manifest, damaged = _undamaged(partitions, state, month)
        if damaged:
            partitions.commit(partitions.state(), [manifest])
            for path in [] if manifest.days else files_in(layout.manifests(month)):
                disk.remove(path, durably=True)
            yield from damaged
    current = {layout.state / name for name in partitions.head().months.values()}
    files = (
        path
        for month in sorted(layout.months_on_disk())
        for path in (*layout.objects_of(month), *files_in(layout.manifests(month)))
    )
    for path in files:
        if path not in current and not is_named_by_digest(path, sha256_of(path.read_bytes())):
            disk.remove(path)
            yield f"removed {layout.relative(path)}, which was damaged"
    yield from _drop_damaged_leftovers(layout, disk)


def _drop_damaged_leftovers(layout: Layout, disk: Disk) -> Iterator[str]:
    """Remove damaged staged batches and cached files."""
    for path in damaged_batches(layout, Counter()):
        discard_batch_at(path, disk)
        yield f"removed {layout.relative(path)}, which was damaged"
    for path in damaged_cache_files(layout, Counter()):
        disk.remove(path)
        yield f"removed {layout.relative(path)}, which was damaged"


def _undamaged(partitions: Partitions, state: LakeState, month: Month) -> tuple[MonthManifest, list[str]]:
    """Return the manifest of a month without its damaged files, and a sentence per day or month that is dropped."""
    try:
        manifest = state.month(month)
    except LakeError as error:
        return MonthManifest(month), [f"dropped {month}: {error.key} is damaged"]
    damaged: dict[str, str] = {}
    for _, stem, entry in manifest.entries():
        try:
            partitions.object_bytes(entry)
        except LakeError as error:
            damaged[stem] = f"dropped {stem}: {error.key} is damaged"
    files = {
        name: {stem: entry for stem, entry in entries.items() if stem not in damaged}
        for name, entries in manifest.files.items()
    }
    days = {day: state for day, state in manifest.days.items() if manifest.stem(day) not in damaged}
    return replace(manifest, generation=manifest.generation + 1, days=days, files=files), list(damaged.values())


def _agrees_with_index(committer: Committer) -> bool:
    """Return whether the index has the articles of every day whose generation it reflects."""
    state = committer.partitions.state()
    for day, day_state in state.days.items():
        if committer.index.generation(day) == day_state.generation:
            [held] = committer.contents(state, [day]).values()
            if not committer.index.has_content(day, held.articles):
                return False
    return True
