"""docs/tables.md, which is generated from the contract, the vocabularies and the example rows."""

import json
from typing import get_args

import pytest

from newslake.pipeline.kb.entry import ENTITY_TYPES
from newslake.pipeline.model.article import BlockKind
from newslake.pipeline.nlp.languages.en.frames import FRAMES
from newslake.pipeline.nlp.languages.plover import MODES, OTHER, QUAD_CLASSES
from newslake.pipeline.tables import TABLE_SPECS, TABLES
from newslake.pipeline.tables.vocabularies import VOCABULARIES
from scripts.table_docs import EXAMPLES_FILE, JOINS, tables_markdown

MEANINGS = {vocabulary.name: vocabulary.meanings for vocabulary in VOCABULARIES}
EXAMPLES = json.loads(EXAMPLES_FILE.read_text("utf-8"))


def test_page_has_every_table_and_column():
    """Each table is a heading, and each of its columns is a row below it."""
    page = tables_markdown()

    for spec in TABLES:
        section = page.split(f"### {spec.name}\n")[1].split("\n### ")[0]
        rows = [line.split("`")[1] for line in section.splitlines() if line.startswith("|`")]
        assert rows == spec.file_schema.names


def test_page_says_how_to_cut_text_in_sql():
    """The +1 of SQL's substring is on the page."""
    assert "substring(a.text, q.start_char + 1, q.end_char - q.start_char)" in tables_markdown()


def test_every_value_is_explained_once():
    """Each column with a closed vocabulary has one explanation, of exactly its values."""
    columns = {f"{spec.name}.{column.name}": column for spec in TABLES for column in spec.columns if column.values}
    explained = [(name, each.meanings) for each in VOCABULARIES for name in each.columns if name in columns]

    assert {name: set(meanings) for name, meanings in explained} == {
        name: set(column.values) for name, column in columns.items()
    }
    assert len(explained) == len(columns)


def test_vocabularies_name_columns_that_exist():
    """Each explanation is of columns of the contract."""
    for name in (name for vocabulary in VOCABULARIES for name in vocabulary.columns):
        table, column = name.partition("[]")[0].split(".")
        assert column in TABLE_SPECS[table].schema.names


def test_open_vocabularies_are_complete():
    """Entity types, block kinds, sectors and event types are those of the pipeline."""
    assert set(MEANINGS["entity_type"]) == {*ENTITY_TYPES, "AUTHOR", "UNKNOWN"}
    assert set(MEANINGS["block_kind"]) == set(get_args(BlockKind))
    assert set(MEANINGS["sector"]) == {sector for sector in FRAMES.people.values() if sector}
    assert set(MEANINGS["event_type"]) == {*QUAD_CLASSES, OTHER}


@pytest.mark.parametrize("event_type", QUAD_CLASSES)
def test_event_type_has_its_quad_class_and_modes(event_type):
    """The explanation of an event type starts with its quad class and ends with its modes."""
    quad, _, rest = MEANINGS["event_type"][event_type].partition(": ")
    modes = rest.partition("; modes ")[2]

    assert int(quad) == QUAD_CLASSES[event_type]
    assert set(filter(None, modes.split(", "))) == MODES.get(event_type, frozenset())


def test_joins_of_the_diagram_exist_in_both_tables():
    """Each line of the diagram joins two tables on columns that both have; every table is in the diagram."""
    for one, _, other, names in JOINS:
        assert {*names} <= {*TABLE_SPECS[one].schema.names} & {*TABLE_SPECS[other].schema.names}
    assert all(f"\n  {spec.name} {{\n" in tables_markdown() for spec in TABLES)


@pytest.mark.parametrize("spec", TABLES, ids=lambda spec: spec.name)
def test_example_rows_fit_the_table(spec):
    """Each table has up to three example rows of its columns; their values are of its vocabularies: `make answers`."""
    example = EXAMPLES[spec.name]
    columns = {column.name: column for column in spec.columns}

    assert {*example["columns"]} <= {*columns, spec.day_column}, "run `make answers`"
    assert 1 <= len(example["rows"]) <= 3
    for row in example["rows"]:
        for name, cell in zip(example["columns"], row, strict=True):
            values = columns[name].values if name in columns else ()
            assert not values or cell in values, f"{name}: run `make answers`"
