"""The hostile lake contains every hostile string."""

from pathlib import Path

import pyarrow.compute as pc

from newslake.pipeline.lake import Lake
from newslake.pipeline.tables import LOG_TABLES
from tests.browser.hostile import STRING_COUNT, word_of
from tests.browser.hostile_lake import DAY, columns_of_text, make_hostile_lake


def test_every_column_of_text_holds_every_string(tmp_path: Path) -> None:
    """Each of the strings is in each column that can hold external text."""
    lake = Lake(make_hostile_lake(tmp_path).resolve(), durability="process", now=lambda: DAY)
    logs = {spec.name for spec in LOG_TABLES}
    words = {word_of(at) for at in range(STRING_COUNT)}
    for table, column in columns_of_text():
        rows = lake.log.read(table) if table in logs else lake.read(table)
        values = rows[column] if not hasattr(rows[column].type, "value_type") else pc.list_flatten(rows[column])
        found = pc.extract_regex(values, r"(?P<word>hostile\d{3})”?\z")
        assert set(pc.unique(pc.struct_field(found, "word")).to_pylist()) >= words, f"{table}.{column}"
    assert lake.verify() == ()
