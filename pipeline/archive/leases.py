"""The leases of one machine: locked files, which the system unlocks when their holder dies."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from newslake.pipeline.archive.locks import (
    file_lock,
    sole_writer_lock,
    source_lock,
    takedown_lock,
    wait_for_writers,
    writer_lock,
)
from newslake.pipeline.errors import StoreError


class FileLease:
    """A lease that is held by a locked file: the process holds it until the end of its block."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._is_held = True

    def check(self) -> None:
        if not self._is_held:
            raise StoreError(f"{self._name}: its lease has ended", key=self._name, reason="lease_lost")

    def end(self) -> None:
        """Note the end of the block."""
        self._is_held = False


@contextmanager
def _lease(name: str) -> Iterator[FileLease]:
    lease = FileLease(name)
    try:
        yield lease
    finally:
        lease.end()


class FileLeases:
    """The leases of a data root. ``archive`` and ``lake`` are its folders; Lake takes the same lock for a commit."""

    def __init__(self, archive: Path, *, lake: Path) -> None:
        self.notice_seconds = 0.0  # a lock of a file ends with its process
        self._archive = archive
        self._commit_lock = lake / "_state" / "locks" / "commit.lock"

    @contextmanager
    def source(self, source_key: str, *, waits: bool) -> Iterator[FileLease | None]:
        with source_lock(self._archive, source_key, waits=waits) as is_mine, _lease(f"source {source_key}") as lease:
            yield lease if is_mine else None

    @contextmanager
    def committer(self) -> Iterator[FileLease]:
        with file_lock(self._commit_lock), _lease("committer") as lease:
            yield lease

    @contextmanager
    def takedown(self) -> Iterator[FileLease]:
        with takedown_lock(self._archive), _lease("takedown") as lease:
            yield lease

    @contextmanager
    def writer(self) -> Iterator[FileLease]:
        with writer_lock(self._archive), _lease("writer") as lease:
            yield lease

    @contextmanager
    def sole_writer(self) -> Iterator[FileLease]:
        """Hold the lease of the writers alone: wait until all have ended; later ones wait for the end."""
        with sole_writer_lock(self._archive), _lease("writer") as lease:
            yield lease

    def wait_for_writers(self) -> float:
        return wait_for_writers(self._archive)
