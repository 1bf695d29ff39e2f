"""The stores of the contract suite: each interface over files of this machine and over services."""

import gc
import uuid
from functools import partial
from pathlib import Path

from newslake.pipeline.archive import Archive
from newslake.pipeline.archive.index import Index
from newslake.pipeline.archive.interfaces import CaptureIndex
from newslake.pipeline.archive.records import RecordArchive
from newslake.pipeline.archive.writer import SUFFIX
from newslake.pipeline.errors import ArchiveError, StoreError
from newslake.pipeline.leases import Lease
from newslake.pipeline.shared.bucket import Bucket, BucketService, open_bucket
from newslake.pipeline.shared.capture_index import PostgresCaptureIndex
from newslake.pipeline.shared.credentials import BucketKey
from newslake.pipeline.shared.database import PostgresDatabase
from newslake.pipeline.shared.object_archive import ObjectArchive
from newslake.pipeline.shared.warc_objects import Sealing
from newslake.pipeline.sqlite import open_database
from tests.scale.seaweedfs import BUCKET, REGION, SeaweedFS, SeaweedKey
from tests.store.folder import FolderObjects


def new_folder(path: Path) -> FolderObjects:
    """Return objects in a new folder."""
    return FolderObjects(path / "objects", durability="process")


def bucket_of(
    server: SeaweedFS,
    *,
    prefix: str = "",
    name: str = BUCKET,
    key: SeaweedKey | None = None,
    endpoint: str | None = None,
    deadline_seconds: float = 60.0,
    is_writer: bool = True,
) -> Bucket:
    """Return a bucket of a server, under a prefix of its own unless one is given."""
    used = key or server.admin
    service = BucketService(
        endpoint=endpoint or server.endpoint, region=REGION, deadline_seconds=deadline_seconds, request_seconds=10.0
    )
    url = f"s3://{name}/{prefix or uuid.uuid4().hex}"
    return open_bucket(url, service=service, key=BucketKey(used.access_key, used.secret_key), is_writer=is_writer)


def new_index(path: Path) -> Index:
    """Return an index in SQLite, as it was left there; a new one is not built."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return Index(open_database(path, durability="process", broken=partial(_broken, path)))


def _broken(path: Path, error: Exception) -> ArchiveError:
    return ArchiveError(f"{path}: {error}")


def is_held(lease: Lease) -> bool:
    """Return whether a lease is still held."""
    try:
        lease.check()
    except StoreError:
        return False
    return True


class StoredFiles:
    """An archive of the contract suite, and the bytes of its WARC files: to look at, to damage, to lose."""

    def __init__(
        self,
        objects: Bucket,
        index_path: Path,
        *,
        is_local: bool = False,
        database: PostgresDatabase | None = None,
    ) -> None:
        self.objects = objects
        self.index_path = index_path
        self._is_local = is_local
        self._database = database
        self._archives: list[RecordArchive] = []

    def archive(self, *, sealing: Sealing | None = None) -> RecordArchive:
        """Return the archive, as another process would open it."""
        if self._is_local:
            archive: RecordArchive = Archive(self.index_path.parent, durability="process")
        else:
            archive = ObjectArchive(self.objects, self._index(), sealing=sealing)
        self._archives.append(archive)  # an archive that is not referenced closes its index
        return archive

    def _index(self) -> CaptureIndex:
        return new_index(self.index_path) if self._database is None else PostgresCaptureIndex(self._database)

    def names(self) -> list[str]:
        """Return the names of all WARC files, whether the index has them or not."""
        return [each.key for each in self.objects.list("warc") if each.key.endswith(SUFFIX)]

    def contents(self) -> dict[str, bytes]:
        """Return the bytes of all that is stored, by name, with those of the index."""
        stored = {each.key: self.objects.get(each.key) or b"" for each in self.objects.list()}
        index = {path.name: path.read_bytes() for path in self.index_path.parent.glob(f"{self.index_path.name}*")}
        if self._database is not None:
            for table in ("captures", "attempts", "files"):
                index[table] = repr(self._database.query(f"SELECT * FROM {table}")).encode()
        return stored | index

    def lose_index(self) -> None:
        """Remove the index."""
        if self._database is not None:
            self._database.write(lambda cursor: cursor.execute("UPDATE index_state SET is_ready = false"))
            self._database.write(lambda cursor: cursor.execute("DELETE FROM captures"))
            return
        self._archives.clear()
        gc.collect()
        for path in self.index_path.parent.glob(f"{self.index_path.name}*"):
            path.unlink()


def local_files(path: Path) -> StoredFiles:
    """Return the archive in a folder."""
    root = path / "archive"
    return StoredFiles(FolderObjects(root, durability="process"), root / "index.sqlite", is_local=True)


def files_with(folder: Path, text: str) -> list[str]:
    """Return the names of the files below a folder that have a text."""
    return [path.name for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]
