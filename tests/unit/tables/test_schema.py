"""The contract and the model: each column has a field, and each field a column."""

from dataclasses import fields

import pytest

from newslake.pipeline.model import Annotation, Article, Entity, Event, Quote
from newslake.pipeline.tables.schema import ARTICLES, ENTITIES, EVENTS, QUOTES

KEYS = {"article_id", "revision_id", "published_at"}
MADE_BY_ROWS = {"entity_count", "quote_count", "event_count", "model_name", "pipeline_version", "kb_version"}
NO_COLUMN = {"entities", "quotes", "events", "untyped", "times", "override_version"}


def _fields(*models: type) -> set[str]:
    return {field.name for model in models for field in fields(model)}


@pytest.mark.parametrize(("spec", "model"), [(ENTITIES, Entity), (QUOTES, Quote), (EVENTS, Event)])
def test_child_columns_are_the_fields_of_the_model(spec, model):
    """The columns of a child table are the fields of its model."""
    columns = set(spec.schema.names) - KEYS
    assert columns - _fields(model) == set(), "columns of pipeline/tables/schema.py that the model does not have"
    assert _fields(model) - columns == set(), "fields of the model without a Column in pipeline/tables/schema.py"


def test_article_columns_are_the_fields_of_article_and_annotation():
    """The columns of articles are the fields of Article and Annotation, and those that ``annotation_rows`` adds."""
    columns = set(ARTICLES.schema.names) - MADE_BY_ROWS
    known = _fields(Article, Annotation) - NO_COLUMN
    assert columns - known == set(), "columns of pipeline/tables/schema.py that no field fills"
    assert known - columns == set(), "fields without a Column in pipeline/tables/schema.py"
