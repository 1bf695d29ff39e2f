"""A process that writes to an archive on objects, or erases from it, and dies by SIGKILL at a named step.

Its arguments: the action, the step, the place of the objects, the path of the index, and articles. A place is a folder,
or the endpoint of a bucket with a prefix.
"""

import os
import random
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

from newslake.pipeline.archive.index import Index
from newslake.pipeline.errors import ArchiveError
from newslake.pipeline.model import Attempt, Capture, Hints, Page
from newslake.pipeline.shared.bucket import Bucket, BucketService, open_bucket
from newslake.pipeline.shared.credentials import BucketKey
from newslake.pipeline.shared.object_archive import ObjectArchive
from newslake.pipeline.sqlite import open_database
from tests.scale.seaweedfs import BUCKET, REGION, SeaweedFS
from tests.store.folder import FolderObjects

WRITE_STEPS = ("filled", "sending", "stored", "indexed", "end")
ERASE_STEPS = ("sending", "stored", "replaced", "deleted", "end")
SIZE = 2_000_000  # of a page, so that a put takes some time
SEND_SECONDS = 0.004


def slug_of(name: str) -> str:
    """Return the part of the page's URL that no other page has."""
    return random.Random(name).randbytes(20).hex()


def large_page(name: str) -> Page:
    """Return a page whose bytes cannot be compressed; equal for equal names."""
    return Page(
        url=f"https://www.harbour-post.example/{slug_of(name)}",
        final_url=None,
        status=200,
        headers={"content-type": "text/html"},
        body=random.Random(name).randbytes(SIZE),
        fetched_at=datetime(2026, 2, 3, 12, tzinfo=UTC) + timedelta(minutes=len(name)),
        hints=Hints(),
    )


def objects_at(place: str) -> Bucket:
    """Return the objects of a place."""
    if not place.startswith("http"):
        return FolderObjects(Path(place), durability="process")
    endpoint, _, prefix = place.rpartition("#")
    service = BucketService(endpoint=endpoint, region=REGION, deadline_seconds=60.0, request_seconds=10.0)
    key = BucketKey(SeaweedFS.admin.access_key, SeaweedFS.admin.secret_key)
    return open_bucket(f"s3://{BUCKET}/{prefix}", service=service, key=key)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class DeadlyObjects:
    """Objects whose user dies in the middle of a put of a WARC file, or after a change."""

    def __init__(self, objects: Bucket, step: str) -> None:
        self._objects = objects
        self._step = step
        for name in ("put", "get", "get_range", "read_chunks", "info", "list"):
            setattr(self, name, getattr(objects, name))

    def put_new(self, key: str, data: bytes) -> bool:
        if self._step == "sending":
            threading.Timer(SEND_SECONDS, die).start()
        done = self._objects.put_new(key, data)
        if self._step in ("sending", "stored"):
            die()
        return done

    def delete(self, key: str) -> None:
        self._objects.delete(key)
        if self._step == "deleted":
            die()


class DeadlyIndex(Index):
    """An index whose user dies after a change."""

    step = ""

    def add(self, files: Mapping[str, Sequence[Capture | Attempt]]) -> None:
        super().add(files)
        if self.step == "indexed":
            die()

    def replace(self, file: str, files: Mapping[str, Sequence[Capture | Attempt]]) -> None:
        super().replace(file, files)
        if self.step == "replaced":
            die()


def main() -> None:
    action, step, place, index_path, *names = sys.argv[1:]
    broken = partial(lambda path, error: ArchiveError(f"{path}: {error}"), index_path)
    index = DeadlyIndex(open_database(Path(index_path), durability="process", broken=broken))
    archive = ObjectArchive(DeadlyObjects(objects_at(place), step), index)  # type: ignore[arg-type]
    archive.recover()
    index.step = step
    if action == "erase":
        doomed = [each for each in archive.captures() if each.article_id in names]
        archive.erase(doomed, page_keys=[each.page_key for each in doomed])
        return
    with archive.writer(source_key="harbour", run_id="run-1") as writer:
        for name in names:
            writer.put(large_page(name), news_day=date(2026, 2, 3), article_id=name)
        if step == "filled":
            die()


if __name__ == "__main__":
    main()
