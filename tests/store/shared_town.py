"""The newsroom of the takedown tests on a shared store, and the byte search over its services."""

import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, override

from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.shared.store import Patience
from tests.scale.postgres import PostgresServer
from tests.scale.seaweedfs import BUCKET, WAREHOUSE, SeaweedFS
from tests.store.shared_stores import StoreServices
from tests.traces import Traces
from tests.unit.upkeep.town import Town

# A takedown waits for both limits of a put together.
HASTY = Patience(deadline_seconds=2.0, request_seconds=3.0, notice_seconds=0.1)


@dataclass
class SharedTown(Town):
    """A newsroom whose data roots are shared stores, each with services of its own name."""

    weed: SeaweedFS
    database_url: str
    prefix: str

    @override
    def space(self, name: str, *, hours: int = 0) -> Workspace:
        return self.services(name).workspace(patience=HASTY, **self.given(name, hours=hours))

    def given(self, name: str = "data", *, hours: int = 0) -> dict[str, Any]:
        """Return the settings of a data root that do not name a service."""
        own = super().space(name, hours=hours).settings
        return {
            "data_dir": own.data_dir,
            "sources_file": own.sources_file,
            "frozen_now": own.frozen_now,
            "host_interval_seconds": 0,
            "fetch_attempts": 1,
            "retry_after_max_seconds": 0,
        }

    def services(self, name: str) -> StoreServices:
        """Return the services of a store."""
        folder = self.folder / f"{name}-files"
        return StoreServices(
            weed=self.weed, database_url=self.database_url, name=f"{self.prefix}_{name}", folder=folder
        )


@dataclass(frozen=True, slots=True)
class StoreBytes:
    """All bytes of a store: of its objects by S3, of its rows, and of the files of both servers."""

    weed: SeaweedFS
    postgres: PostgresServer
    name: str
    _slices: list[bytes] = field(default_factory=list)

    def objects(self) -> dict[str, bytes]:
        """Return the objects of archive and tables by bucket and key."""
        return {
            f"{bucket}/{each['path']}": bytes(client.get(each["path"]).bytes())
            for bucket in (BUCKET, WAREHOUSE)
            for client in [self.weed.client(bucket, seconds=20)]
            for page in client.list(self.name)
            for each in page
        }

    def hits_in_objects(self, traces: Traces) -> dict[str, set[bytes]]:
        """Return the objects with a piece in key or content, also in the blocks of Avro files."""
        return _hits(traces, self.objects().items())

    def hits_in_rows(self, traces: Traces) -> set[bytes]:
        """Return the pieces in a dump of the rows."""
        return traces.in_bytes(self.postgres.run("pg_dump", f"--schema={self.name}", "newslake").encode())

    def hits_in_files(self, traces: Traces, folder: str) -> dict[str, set[bytes]]:
        """Return the files of the database server with a piece, below ``base`` or ``pg_wal``."""
        return traces.under(self.postgres.data / folder)

    def remember(self, traces: Traces) -> int:
        """Remember slices of all objects that have a piece; return how many objects have one."""
        found = self.hits_in_objects(traces)
        content = self.objects()
        for name in found:
            data = content[name]
            self._slices.extend(data[at : at + 40] for at in (len(data) // 4, len(data) // 2) if len(data) > 200)
        return len(found)

    def slices_on_disk(self) -> int:
        """Return how many of the remembered slices are in the files of the object storage."""
        present = b"".join(self.objects().values())
        gone = [each for each in self._slices if each not in present]
        data = b"".join(path.read_bytes() for path in sorted((self.weed.folder / "data").rglob("*")) if path.is_file())
        return sum(each in data for each in gone)


def _hits(traces: Traces, files: Iterable[tuple[str, bytes]]) -> dict[str, set[bytes]]:
    found = {
        name: traces.in_bytes(name.encode())
        | traces.in_file(data)
        | {hit for block in _avro(data) for hit in traces.in_bytes(block)}
        for name, data in files
    }
    return {name: hits for name, hits in found.items() if hits}


def _avro(data: bytes) -> Iterator[bytes]:
    """Yield the decompressed blocks of an Avro file."""
    if not data.startswith(b"Obj\x01"):
        return
    for block in data.split(data[-16:]):
        for start in range(2, 12):  # after two numbers of one to five bytes
            with suppress(zlib.error):
                yield zlib.decompress(block[start:], wbits=-15)
                break
