"""Pages compared with gold: outcome, page type and metadata."""

from datetime import datetime
from typing import Any

from newslake.pipeline.model import Article, Rejected
from tests.quality.corpus import Case
from tests.quality.figures import Figures


def judge_outcome(case: Case, figures: Figures) -> None:
    """Judge whether a page is kept, and its page type."""
    outcome = "rejected" if isinstance(case.got, Rejected) else "kept"
    wanted = (case.gold["outcome"], case.gold.get("page_type"))
    got = (outcome, case.got.page_type if wanted[1] else None)
    figures["page_outcome_and_type"].count(got == wanted, f"{case.name}: {got}, gold {wanted}")


def judge_page(case: Case, figures: Figures) -> None:
    """Judge the metadata and text of an article that both gold and pipeline keep."""
    if not isinstance(case.got, Article) or "title" not in case.gold:
        return
    paragraphs = case.got.texts("paragraph") + case.got.texts("list")
    ends = case.gold["paragraphs"]
    for name, got, wanted in (
        ("title", case.got.title, case.gold["title"]),
        ("standfirst", case.got.standfirst, case.gold["standfirst"]),
        ("authors", sorted(case.got.authors), sorted(case.gold["authors"])),
        ("published", _published(case.got), _published_in_gold(case.gold)),
        ("paragraph_first", paragraphs[:1] and paragraphs[0].startswith(ends["first_words"]), True),
        ("paragraph_last", paragraphs[-1:] and paragraphs[-1].endswith(ends["last_words"]), True),
        ("paragraph_count", len(paragraphs), ends["count"]),
        ("headings", list(case.got.texts("heading")), case.gold["headings"]),
        ("captions", list(case.got.texts("caption")), case.gold["captions"]),
    ):
        figures[name].count(got == wanted, f"{case.name}: {got!r}, gold {wanted!r}")


def _published(article: Article) -> tuple[object, ...]:
    return article.published_at, article.published_at_method, article.published_at_precision


def _published_in_gold(gold: dict[str, Any]) -> tuple[object, ...]:
    when = gold["published_at"]
    return when and datetime.fromisoformat(when), gold["published_at_method"], gold["published_at_precision"]
