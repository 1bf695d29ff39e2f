"""Staged batches as objects: one object a batch, so that a batch is there as a whole or not at all."""

import io
import zipfile
from collections.abc import Collection, Iterator
from contextlib import suppress

import pyarrow as pa
import pyarrow.compute as pc

from newslake.pipeline.errors import StoreError
from newslake.pipeline.lake import Garbage
from newslake.pipeline.lake.staging import Batch
from newslake.pipeline.lake.storage import ANNOTATION_NAMES
from newslake.pipeline.model import file_name_of
from newslake.pipeline.shared.bucket import Bucket

_SUFFIX = ".zip"
_NAMES = (*ANNOTATION_NAMES, "keys")


class StagedBatches:
    """The staged batches below a folder of an object store."""

    def __init__(self, objects: Bucket, folder: str) -> None:
        self._objects = objects
        self._folder = folder

    def put(self, batch: Batch) -> None:
        """Stage a batch, or replace it."""
        self._objects.put(self._key(batch.batch_id), _encode(batch))

    def get(self, batch_id: str) -> Batch | None:
        """Return a staged batch, or None. Raises: StoreError (batch_broken)."""
        data = self._objects.get(self._key(batch_id))
        return None if data is None else _decode(batch_id, data)

    def delete(self, batch_id: str) -> None:
        """Remove a staged batch."""
        self._objects.delete(self._key(batch_id))

    def among(self, article_ids: Collection[str]) -> frozenset[str]:
        """Return those of some articles that staged batches have; damaged batches are passed over."""
        ids: set[str] = set()
        for key in list(self._keys()):
            data = self._objects.get(key)
            with suppress(StoreError):
                ids.update([] if data is None else _decode(key, data).keys["article_id"].to_pylist())
        return frozenset(article_ids) & ids

    def erase(self, article_ids: Collection[str]) -> None:
        """Delete the rows of some articles from every staged batch; a damaged batch is removed as a whole."""
        gone = pa.array(sorted(article_ids), pa.string())
        for key in list(self._keys()):
            data = self._objects.get(key)
            if data is None:
                continue
            try:
                batch = _decode(key, data)
            except StoreError:
                self._objects.delete(key)
                continue
            rest = _without(batch, gone)
            if rest.keys.num_rows < batch.keys.num_rows:
                self._objects.put(key, _encode(rest))

    def collect(self, *, older_than: float) -> Garbage:
        """Remove the batches that were staged before a time, in seconds since 1970; return how many, and the others."""
        staged = list(self._objects.list(self._folder))
        old = [each.key for each in staged if each.modified_at.timestamp() < older_than]
        for key in old:
            self._objects.delete(key)
        return Garbage(len(old), len(staged) - len(old))

    def _keys(self) -> Iterator[str]:
        return (each.key for each in self._objects.list(self._folder))

    def _key(self, batch_id: str) -> str:
        return f"{self._folder}/{file_name_of(batch_id)}{_SUFFIX}"


def _encode(batch: Batch) -> bytes:
    """Return a batch as an archive of Arrow files; each has a checksum."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for name, table in (*batch.tables.items(), ("keys", batch.keys)):
            data = pa.BufferOutputStream()
            with pa.ipc.new_file(data, table.schema) as writer:
                writer.write_table(table)
            archive.writestr(f"{name}.arrow", memoryview(data.getvalue()))
    return sink.getvalue()


def _decode(batch_id: str, data: bytes) -> Batch:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            tables = {name: pa.ipc.open_file(archive.read(f"{name}.arrow")).read_all() for name in _NAMES}
    except (zipfile.BadZipFile, KeyError, pa.ArrowException) as error:
        raise StoreError(
            f"staged batch {batch_id} cannot be read ({error}); derive its day again",
            key=batch_id,
            reason="batch_broken",
        ) from error
    return Batch(batch_id, {name: tables[name] for name in ANNOTATION_NAMES}, tables["keys"])


def _without(batch: Batch, gone: pa.Array) -> Batch:
    def without(table: pa.Table) -> pa.Table:
        return table.filter(pc.invert(pc.is_in(table["article_id"], value_set=gone)))

    return Batch(batch.batch_id, {name: without(table) for name, table in batch.tables.items()}, without(batch.keys))
