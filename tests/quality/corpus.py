"""The sample newsroom processed by the pipeline, with the gold annotation of the same pages (samples/gold)."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from newslake.pipeline.clean import clean
from newslake.pipeline.kb import load_kb
from newslake.pipeline.model import Annotation, Article, Page, Rejected, Source
from newslake.pipeline.model.page import Hints
from newslake.pipeline.nlp import Annotator
from newslake.pipeline.sources.sitemaps import read_sitemap
from samples.gold import GOLD, read_gold
from samples.server import DAYS, FOLDERS, ROOT, resource_at

BASE = "http://127.0.0.1:8808"
INBOX = ROOT.parent / "inbox"
_SITEMAP = "/gazette/news-sitemap.xml"  # the only feed whose pages may have no date of their own


@dataclass(frozen=True, slots=True)
class Case:
    """A page, its gold entry, and the result: an article with its annotation, or a rejection without one."""

    name: str
    gold: dict[str, Any]
    got: Article | Rejected
    annotation: Annotation | None

    @property
    def text(self) -> str:
        return self.got.text if isinstance(self.got, Article) else ""


def corpus_digest() -> str:
    """Return the hash of gold and pages: figures with different digests cannot be compared."""
    digest = hashlib.sha256()
    for file in sorted([*GOLD.rglob("*.json"), *ROOT.rglob("*.*"), *INBOX.glob("*.*")]):
        digest.update(file.relative_to(ROOT.parent).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


@cache
def clean_corpus() -> tuple[Case, ...]:
    """Return all pages of gold that a robot may fetch, cleaned but not annotated."""
    gold = {name: entry for name, entry in read_gold().items() if _is_open(entry)}
    pages = {name: _page_of(name, entry["path"]) for name, entry in gold.items()}
    return tuple(Case(name, gold[name], clean(page, source_key="quality"), None) for name, page in pages.items())


def read_corpus(nlp: object) -> tuple[Case, ...]:
    """Return all pages of gold that a robot may fetch, cleaned and annotated by the real pipeline."""
    annotator = Annotator(nlp, kb=load_kb(None), infer_gender=True)
    cases = clean_corpus()
    articles = [case.got for case in cases if isinstance(case.got, Article)]
    read = {
        id(article): annotator.annotate(article, doc) for article, doc in annotator.docs(articles) if doc is not None
    }
    return tuple(Case(case.name, case.gold, case.got, read.get(id(case.got))) for case in cases)


def _is_open(entry: dict[str, Any]) -> bool:
    """Return whether the page was fetched at all: the gold of a page that robots.txt refuses has a reason."""
    return "why" not in entry


def _page_of(name: str, path: str | None) -> Page:
    """Return the page as fetched, or as in the inbox if it has no path."""
    return _local(name) if path is None else _fetched(name, path)


def _fetched(name: str, path: str) -> Page:
    day = next(day for day, folder in FOLDERS.items() if name.startswith(f"{folder}/"))
    found = resource_at(path, day=day, base=BASE)
    assert found is not None
    return _page(f"{BASE}{path}", found.body, found.content_type, day, _listed(day).get(f"{BASE}{path}", Hints()))


def _local(name: str) -> Page:
    return _page(None, (ROOT.parent / name).read_bytes(), "text/plain", DAYS[-1], Hints())


def _page(url: str | None, body: bytes, content_type: str, day: date, hints: Hints) -> Page:
    return Page(
        url=url,
        final_url=url,
        status=200,
        headers={"content-type": content_type},
        body=body,
        fetched_at=_evening(day),
        hints=hints,
    )


def _listed(day: date) -> dict[str | None, Hints]:
    """Return the hints of the feed about each of its pages on a day."""
    found = resource_at(_SITEMAP, day=day, base=BASE)
    assert found is not None
    source = Source(key="gazette", kind="news_sitemap", location=f"{BASE}{_SITEMAP}")
    sitemap = read_sitemap(found.body, source, url=source.location, now=_evening(day), max_bytes=1_000_000)
    return {each.ref.url: each.ref.hints for each in sitemap.entries}


def _evening(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 20, tzinfo=UTC)
