"""Golden cases: the result of the pipeline for every sample page, column by column.

A case is a JSON file in this folder. `make golden` rewrites all cases; review the diff before you commit it.
"""

import json
from datetime import UTC, date, datetime
from pathlib import Path

from newslake.pipeline.clean import clean
from newslake.pipeline.kb import load_kb
from newslake.pipeline.model import Page, Rejected
from newslake.pipeline.nlp import Annotator
from newslake.pipeline.tables import ANNOTATION_TABLES, annotation_rows, check_rows
from samples.server import FOLDERS, ROOT, resource_at

FOLDER = Path(__file__).parent
INBOX = ROOT.parent / "inbox"
BASE = "http://127.0.0.1:8808"
# In every row, and different after every change of a rule: not in golden cases.
_VOLATILE = ("pipeline_version", "model_name", "kb_version", "extractor")

Reading = dict[str, object]


def case_names() -> list[str]:
    """Return the names of all cases: day and path of each sample page, and each inbox file."""
    pages = [
        f"{folder}/{path.relative_to(ROOT / folder).with_suffix('')}"
        for folder in FOLDERS.values()
        for path in sorted((ROOT / folder).rglob("*.html"))
    ]
    return [*pages, *(f"inbox/{path.stem}" for path in sorted(INBOX.glob("*.txt")))]


def file_of(name: str) -> Path:
    """Return the JSON file of a case."""
    return FOLDER / f"{name.replace('/', '__')}.json"


def read_case(name: str, annotator: Annotator) -> Reading:
    """Return the result of a case: columns by "table.column", or the reason and page type of a rejection."""
    got = clean(_page(name), source_key="golden", publisher=None, payload_digest=None)
    if isinstance(got, Rejected):
        return {"rejected.reason": got.reason, "rejected.detail": got.detail, "rejected.page_type": got.page_type}
    (article, doc), *_ = annotator.docs([got])
    annotation = None if doc is None else annotator.annotate(article, doc)
    rows = annotation_rows(article, annotation, model_name="", pipeline_version="")
    assert check_rows(rows) == ()
    return {
        f"{spec.name}.{column}": json.loads(json.dumps([row[column] for row in rows[spec.name]], default=str))
        for spec in ANNOTATION_TABLES
        for column in spec.schema.names
        if column not in _VOLATILE
    }


def make_annotator(nlp: object) -> Annotator:
    """Return the annotator of the golden cases: the built-in knowledge base, no overrides."""
    return Annotator(nlp, kb=load_kb(None), infer_gender=True)


def _page(name: str) -> Page:
    folder, _, path = name.partition("/")
    if folder == "inbox":
        return _given(None, (INBOX / f"{path}.txt").read_bytes(), "text/plain", date(2026, 3, 4))
    day = next(day for day, known in FOLDERS.items() if known == folder)
    found = resource_at(f"/{path}.html", day=day, base=BASE)
    assert found is not None
    return _given(f"{BASE}/{path}", found.body, found.content_type, day)


def _given(url: str | None, body: bytes, content_type: str, day: date) -> Page:
    fetched_at = datetime(day.year, day.month, day.day, 20, tzinfo=UTC)
    headers = {"content-type": content_type}
    return Page(url=url, final_url=url, status=200, headers=headers, body=body, fetched_at=fetched_at)
