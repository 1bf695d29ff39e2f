"""The page that is written from the contract."""

from pipeline.tables import TABLES
from pipeline.tables.docs import tables_markdown


def test_page_has_every_table_and_column():
    """Each table is a heading and each of its columns a row below it."""
    page = tables_markdown()

    for spec in TABLES:
        section = page.split(f"### {spec.name}\n")[1].split("\n### ")[0]
        rows = [line.split("`")[1] for line in section.splitlines() if line.startswith("| `")]
        assert rows == spec.schema.names


def test_page_says_how_to_cut_text_in_sql():
    """The +1 of SQL's substring is on the page."""
    assert "substring(a.text, q.start_char + 1, q.end_char - q.start_char)" in tables_markdown()
