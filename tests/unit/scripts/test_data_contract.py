"""The contract of the Open Data Contract Standard has every table, column, key and vocabulary."""

import json
from importlib.resources import files

import jsonschema
import pytest

from newslake.pipeline.tables import LOG_TABLES, TABLES, TableSpec
from newslake.pipeline.tables.datapackage import TEXT_COLUMNS, contract_bytes
from scripts.data_contract import API_VERSION, generate_contract

CONTRACT = json.loads(contract_bytes(has_log=True))
TABLE = {table["name"]: table for table in CONTRACT["schema"]}


def _schema() -> dict[str, object]:
    return json.loads(files("open_data_contract_standard").joinpath("schema.json").read_text("utf-8"))


@pytest.mark.parametrize("has_log", [True, False])
def test_file_is_current(has_log: bool) -> None:
    """The file of the product is what the generator makes of the current tables."""
    assert contract_bytes(has_log=has_log) == generate_contract(has_log=has_log), "out of date: run `make docs`"


@pytest.mark.parametrize("has_log", [True, False])
def test_contract_is_valid(has_log: bool) -> None:
    """The contract satisfies the JSON schema of its version of the standard; an unknown property does not."""
    schema = _schema()
    validator = jsonschema.Draft201909Validator(schema)
    contract = json.loads(contract_bytes(has_log=has_log))
    names = [table["name"] for table in contract["schema"]]

    assert names == [spec.name for spec in TABLES if has_log or spec not in LOG_TABLES]
    assert schema["properties"]["apiVersion"]["default"] == API_VERSION
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(contract)] == []
    contract["schema"][0]["properties"][0]["colour"] = "red"
    assert "$.schema[0].properties[0]" in {error.json_path for error in validator.iter_errors(contract)}


@pytest.mark.parametrize("spec", TABLES, ids=lambda spec: spec.name)
def test_table_has_its_columns(spec: TableSpec) -> None:
    """A table has the columns of its files, then the month of its folders; keys and vocabularies are the same."""
    *columns, month = TABLE[spec.name]["properties"]

    assert [each["name"] for each in columns] == [column.name for column in spec.file_columns]
    assert [each["required"] for each in columns] == [not column.nullable for column in spec.file_columns]
    assert (month["name"], month["partitioned"]) == (spec.month_column, True)
    keys = sorted((each["primaryKeyPosition"], each["name"]) for each in columns if each.get("primaryKey"))
    assert tuple(name for _, name in keys) == spec.whole_key
    assert {each["name"]: [value["value"] for value in each["enum"]] for each in columns if "enum" in each} == {
        column.name: list(column.values) for column in spec.file_columns if column.values
    }


def test_types_are_those_of_the_standard() -> None:
    """Each column and each item of a list has a logical type; structs have the types of their fields."""
    articles = {each["name"]: each for each in TABLE["articles"]["properties"]}

    assert all(each["logicalType"] for table in TABLE.values() for each in table["properties"])
    assert articles["published_at"]["logicalType"] == "timestamp"
    assert articles["authors"]["items"] == {"logicalType": "string", "physicalType": "string"}
    blocks = articles["blocks"]["items"]
    assert [(each["name"], each["logicalType"]) for each in blocks["properties"]] == [
        ("kind", "string"),
        ("start_char", "integer"),
        ("end_char", "integer"),
    ]


def test_annotation_tables_refer_to_articles() -> None:
    """Entities, quotes and events refer to the article and its revision; other tables have no relationship."""
    related = {name: table["relationships"] for name, table in TABLE.items() if "relationships" in table}

    assert related.keys() == {"entities", "quotes", "events"}
    assert related["quotes"] == [
        {
            "from": ["quotes.article_id", "quotes.revision_id"],
            "to": ["articles.article_id", "articles.revision_id"],
        }
    ]


def test_text_of_publishers_is_marked() -> None:
    """The columns with text of publishers have a classification, and no other column has it."""
    marked = {
        name: frozenset(each["name"] for each in table["properties"] if each.get("classification") == "publisher text")
        for name, table in TABLE.items()
    }

    assert {name: columns for name, columns in marked.items() if columns} == dict(TEXT_COLUMNS)
