"""The bytes of tables and columns, as `newslake lake sizes` shows them."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from newslake.pipeline.addons.operate.lake_sizes import FOOTER, sizes_of
from newslake.pipeline.errors import LakeError
from newslake.pipeline.query.views import table_files
from newslake.pipeline.tables import TABLE_SPECS
from tests.unit.cli.test_commands import called
from tests.unit.query.conftest import small_lake, write_rows

__all__ = ["small_lake", "write_rows"]


def test_columns_and_footer_add_up_to_the_files(small_lake: Path) -> None:
    """The bytes of a table are those of its files; its columns and footers have all of them, the largest first."""
    for table in sizes_of(small_lake).tables:
        files = table_files(small_lake, TABLE_SPECS[table.name])
        assert (table.files, table.bytes) == (len(files), sum(path.stat().st_size for path in files))
        assert table.rows == sum(pq.read_metadata(path).num_rows for path in files)
        assert sum(column.bytes for column in table.columns) == table.bytes
        *columns, footer = table.columns
        assert footer.name == FOOTER
        assert [each.bytes for each in columns] == sorted((each.bytes for each in columns), reverse=True)
        assert {each.name.partition(".")[0] for each in columns} == set(pq.read_schema(files[0]).names)


def test_share_is_that_of_the_texts(small_lake: Path) -> None:
    """Shares are relative to the texts before compression, whose pages have a few bytes more than the texts."""
    found = sizes_of(small_lake)
    files = table_files(small_lake, TABLE_SPECS["articles"])
    texts = [text for path in files for text in pq.read_table(path, columns=["text"])["text"].to_pylist()]
    stored = sum(len(text.encode()) for text in texts)
    assert stored <= found.text_bytes <= stored + 8 * len(texts) + 64 * len(files)
    assert found.share(found.text_bytes) == 1
    four = ("articles", "entities", "quotes", "events")
    assert found.annotation_share == found.share(sum(each.bytes for each in found.tables if each.name in four))


def test_lake_without_files_has_no_share(tmp_path: Path) -> None:
    """An empty lake has no tables and no share."""
    found = sizes_of(tmp_path)
    assert (found.tables, found.text_bytes, found.annotation_share) == ((), 0, None)


def test_file_that_is_not_parquet_is_named(small_lake: Path) -> None:
    """A truncated file stops the command with its name and what to do."""
    path = table_files(small_lake, TABLE_SPECS["quotes"])[0]
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data[:40])
    with pytest.raises(LakeError, match=f"{path.name}.*lake verify"):
        sizes_of(small_lake)


def test_command_shows_tables_columns_and_json(small_lake: Path, tmp_path: Path) -> None:
    """The command has a row per table, or per column of one table; with --json, both."""
    environment = {"NEWS_DATA_DIR": str(small_lake.parent)}
    tables = called("lake", "sizes", cwd=tmp_path, **environment)
    columns = called("lake", "sizes", "quotes", cwd=tmp_path, **environment)
    found = json.loads(called("lake", "sizes", "--json", cwd=tmp_path, **environment).stdout)
    wrong = called("lake", "sizes", "quote", cwd=tmp_path, **environment)

    assert "entities" in tables.stdout
    assert "the four annotation tables / the texts they describe: " in tables.stderr
    assert "quote_text" in columns.stdout
    assert "(footer)" in columns.stdout
    assert {each["name"] for each in found["tables"]} >= {"articles", "entities", "quotes", "events"}
    assert (wrong.returncode, "choose one of articles" in wrong.stderr) == (2, True)
