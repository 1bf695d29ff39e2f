"""Time and size of article pages: those of the sample newsroom, and one of 10,000 words made from them.

`python -m tests.bench_pages` prints CPU time in milliseconds and relative to the time of annotating the article, and
the bytes of each page without the article's text and rows.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from rich.console import Console

from newslake.pipeline.clean import article_from_text
from newslake.pipeline.model import Annotation, Article
from newslake.pipeline.nlp import load_model
from newslake.pipeline.settings import Settings
from newslake.pipeline.show.article import ArticlePage, article_html, article_page
from newslake.pipeline.tables import annotation_rows
from tests.golden.cases import make_annotator
from tests.unit.show.golden_rows import golden_cases, golden_page, golden_rows

WORDS = 10_000
ROUNDS = 5
MOST_MS, MOST_BYTES = 200, 100_000
Rows = Mapping[str, Sequence[Mapping[str, Any]]]
out = Console(highlight=False)


def main() -> None:
    """Print each figure with its goal."""
    weights = {case: _weight(page := golden_page(case), article_html(page)) for case in golden_cases()}
    heaviest = max(weights, key=lambda case: weights[case])
    _tell(
        f"heaviest of {len(weights)} sample pages ({heaviest}), bytes without text and rows",
        weights[heaviest],
        MOST_BYTES,
    )
    rows, reading_ms = _long_article()
    values_ms, html_ms = _times(rows)
    counts = ", ".join(f"{len(rows[table]):,} {table}" for table in ("entities", "quotes", "events"))
    _tell(f"rendering {WORDS:,} words with {counts}, ms", values_ms + html_ms, MOST_MS)
    share = (values_ms + html_ms) / reading_ms
    out.print(f"     of these, values {values_ms:.0f} ms, HTML {html_ms:.0f} ms; {share:.3f} of annotating it")
    page = article_page(rows, origin="-")
    html = article_html(page)
    _tell("the same page, bytes without text and rows", _weight(page, html), MOST_BYTES)
    out.print(f"     of these, elements and attributes {_markup(html):,}; of {len(html.encode()):,} in total")


def _tell(what: str, value: float, most: float) -> None:
    out.print(f"{'met ' if value <= most else 'MISS'} {what}: {value:,.0f} (goal <= {most:,})")


def _weight(page: ArticlePage, html: str) -> int:
    """Return the bytes of a page without one copy of the article's text and without its rows as JSON."""
    text = "".join(segment.text for block in page.blocks for segment in block.segments)
    return sum((len(html.encode()), -len(_written(text)), *(-len(_written(each.text)) for each in page.rows)))


def _markup(html: str) -> int:
    """Return the bytes of a page's tags and attributes."""
    return sum(len(tag.encode()) for tag in re.findall("<[^>]+>", html))


def _written(text: str) -> bytes:
    return escape(text).encode()


def _long_article() -> tuple[Rows, float]:
    """Return the rows of an article of ``WORDS`` words, and the milliseconds of annotating it."""
    texts = [golden_rows(case)["articles"][0]["text"] for case in golden_cases()]
    words = 0
    used = []
    while words < WORDS:
        used.append(texts[len(used) % len(texts)])
        words += len(used[-1].split())
    article = article_from_text("\n\n".join(used), title=None, published_at=None, language="en")
    annotation, reading_ms = _read(article)
    return annotation_rows(article, annotation, model_name="m", pipeline_version="v"), reading_ms


def _read(article: Article) -> tuple[Annotation, float]:
    annotator = make_annotator(load_model(Settings.model_fields["spacy_model"].default))
    started = time.process_time()
    [(article, doc)] = annotator.docs([article])
    annotation = annotator.annotate(article, doc)
    return annotation, (time.process_time() - started) * 1000


def _times(rows: Rows) -> tuple[float, float]:
    """Return the milliseconds of computing the values and of rendering them, each the best of some rounds."""
    page = article_page(rows, origin="-")
    return _best(lambda: article_page(rows, origin="-")), _best(lambda: article_html(page))


def _best(work: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        times.append((time.process_time() - started) * 1000)
    return min(times)


if __name__ == "__main__":
    main()
