"""Where the bytes of the tables go: files, rows, and bytes of each column, from the footers of the Parquet files."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq

from newslake.pipeline.errors import LakeError
from newslake.pipeline.query.lake_folder import files_of
from newslake.pipeline.store.table_files import FileBytes, LakePlace, PinnedFiles
from newslake.pipeline.tables import ANNOTATION_TABLES, TABLES, TableSpec

FOOTER = "(footer)"  # what is in a file apart from its columns
_TEXT = ("articles", "text")
_LENGTH, _MAGIC = 4, 4  # bytes at the end of a Parquet file: the length of its footer, and "PAR1"


@dataclass(frozen=True, slots=True)
class ColumnSize:
    """One leaf column of Parquet over all files of a table; a list of structs has one per field.

    ``bytes`` are those on the disk, ``unpacked_bytes`` those before compression, ``encodings`` those of its pages.
    """

    name: str
    bytes: int
    unpacked_bytes: int
    encodings: Sequence[str]


@dataclass(frozen=True, slots=True)
class TableSize:
    """One table: its files, rows and bytes; its columns, the largest first, then ``FOOTER``."""

    name: str
    files: int
    rows: int
    bytes: int
    columns: Sequence[ColumnSize]


@dataclass(frozen=True, slots=True)
class LakeSizes:
    """All tables with files. ``text_bytes`` are the bytes of all texts of articles before compression."""

    tables: Sequence[TableSize]
    text_bytes: int

    def share(self, size: int) -> float | None:
        """Return bytes as a share of the text that the tables describe; None without text."""
        return round(size / self.text_bytes, 4) if self.text_bytes else None

    @property
    def annotation_share(self) -> float | None:
        """The bytes of the annotation tables as a share of the text that they describe."""
        names = {spec.name for spec in ANNOTATION_TABLES}
        return self.share(sum(each.bytes for each in self.tables if each.name in names))


def sizes_of(place: LakePlace) -> LakeSizes:
    """Read the footer of every data file of a lake; no rows.

    Raises: LakeError if a file is not Parquet.
    """
    pinned = files_of(place).pin()
    tables = tuple(_size(spec, pinned) for spec in TABLES if pinned.tables[spec.name].paths)
    texts = (each for table in tables for each in table.columns if (table.name, each.name) == _TEXT)
    return LakeSizes(tables, sum(each.unpacked_bytes for each in texts))


def _size(spec: TableSpec, pinned: PinnedFiles) -> TableSize:
    packed: Counter[str] = Counter()
    unpacked: Counter[str] = Counter()
    encodings: dict[str, set[str]] = {}
    rows = whole = 0
    paths = pinned.tables[spec.name].paths
    for path in paths:
        with closing(pinned.open(path)) as file:
            footer = _footer(path, file)
        whole += file.size
        rows += footer.num_rows
        for number in range(footer.num_row_groups):
            group = footer.row_group(number)
            for chunk in map(group.column, range(group.num_columns)):
                name = chunk.path_in_schema
                packed[name] += chunk.total_compressed_size
                unpacked[name] += chunk.total_uncompressed_size
                encodings.setdefault(name, set()).update(chunk.encodings)
    return TableSize(spec.name, len(paths), rows, whole, _columns(packed, unpacked, encodings, whole=whole))


def _footer(path: str, file: FileBytes) -> pq.FileMetaData:
    """Return the footer of a file, which ends with its length and four more bytes; only this end is read."""
    length = int.from_bytes(file.read(_LENGTH, max(0, file.size - _LENGTH - _MAGIC)), "little")
    end = min(file.size, length + _LENGTH + _MAGIC)
    try:
        return pq.read_metadata(BytesIO(file.read(end, file.size - end)))
    except pa.ArrowInvalid as error:
        message = f"{path} has no footer of Parquet: {error}; run `newslake lake verify`, which says what to do"
        raise LakeError(message, key=path, reason="file_broken") from error


def _columns(
    packed: Counter[str], unpacked: Mapping[str, int], encodings: Mapping[str, set[str]], *, whole: int
) -> tuple[ColumnSize, ...]:
    footers = whole - packed.total()
    columns = [
        ColumnSize(name, size, unpacked[name], tuple(sorted(encodings[name]))) for name, size in packed.most_common()
    ]
    return (*columns, ColumnSize(FOOTER, footers, footers, ()))
