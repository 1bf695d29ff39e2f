"""The rows of the sample newsroom as stored in the golden cases: input of pages, without a language model."""

import json
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from newslake.pipeline.show.article import ArticlePage, article_page
from newslake.pipeline.tables import ANNOTATION_TABLES
from tests.golden.cases import FOLDER

Rows = dict[str, list[dict[str, Any]]]
TWIN = "inbox__twin"
_VOLATILE = {"pipeline_version": "v1", "model_name": "m1", "kb_version": None, "extractor": "e1"}


def golden_cases() -> list[str]:
    """Return the names of all cases with an article."""
    return sorted(path.stem for path in FOLDER.glob("*.json") if "articles.text" in json.loads(path.read_text("utf-8")))


def golden_rows(case: str) -> Rows:
    """Return the rows of a case by table name, as read from the lake."""
    columns = json.loads((FOLDER / f"{case}.json").read_text("utf-8"))
    rows: Rows = {}
    for spec in ANNOTATION_TABLES:
        count = len(columns[f"{spec.name}.article_id"])
        kinds = {field.name: field.type for field in spec.schema}
        rows[spec.name] = [
            {
                name: _VOLATILE[name] if name in _VOLATILE else _value(columns[f"{spec.name}.{name}"][at], kind)
                for name, kind in kinds.items()
            }
            for at in range(count)
        ]
    return rows


def _value(value: Any, kind: pa.DataType) -> Any:
    if value is None:
        return None
    if pa.types.is_timestamp(kind):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if pa.types.is_date(kind) else value


def golden_page(case: str) -> ArticlePage:
    """Return the page of a case, without the day of its rows."""
    return article_page(golden_rows(case), origin="A sample.")
