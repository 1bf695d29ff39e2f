"""The log tables: append-only files, one a batch and day, named by the batch so that a redelivery overwrites itself."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import ContractError
from pipeline.lake.encoding import decode, encode, in_order
from pipeline.lake.layout import Disk
from pipeline.model import file_name_of
from pipeline.tables import check_batch, table_named

# The column whose UTC day is the partition.
_TIME_OF: Mapping[str, str] = {"outcomes": "seen_at", "runs": "started_at"}


def append_log(root: Path, disk: Disk, name: str, batch_id: str, table: pa.Table) -> None:
    """Write a batch's rows. Raises: ContractError."""
    breaches = check_batch({name: table})
    if breaches:
        raise ContractError(f"log {name}, batch {batch_id}: {breaches[0]}", key=batch_id, reason="contract")
    spec = table_named(name)
    days = pc.cast(table[_TIME_OF[name]], pa.date32())
    folder, file = root / "log" / name, f"{file_name_of(batch_id)}.parquet"
    written = set()
    for day in pc.unique(days):
        target = folder / f"{spec.partition}={day.as_py().isoformat()}" / file
        disk.replace(target, encode(in_order(table.filter(pc.equal(days, day)), spec), spec))
        written.add(target)
    for other in folder.glob(f"{spec.partition}=*"):
        # The batch again, after midnight: its rows of the other day are this batch's no more.
        if other / file not in written and (other / file).exists():
            disk.remove(other / file)


def read_log(root: Path, name: str) -> pa.Table:
    """Return all rows of a log table, by day and batch."""
    spec = table_named(name)
    paths = sorted((root / "log" / name).glob(f"{spec.partition}=*/*.parquet"))
    tables = [decode(path.read_bytes(), spec, key=str(path)) for path in paths]
    return pa.concat_tables([spec.schema.empty_table(), *tables])
