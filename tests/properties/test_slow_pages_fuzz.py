"""No page of a megabyte delays its batch: each of these pages once took minutes, or would have.

The limits of ``clean`` bound the time, not a clock: the outcome is the same on a fast and a slow machine.
"""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from newslake.pipeline.clean import clean
from newslake.pipeline.clean.html import parse_html
from newslake.pipeline.model import Article, Page, Rejected
from tests.faults.hostile import page
from tests.processor_time import processor_seconds

ORDINARY = 20  # limit for a hostile page, in multiples of an ordinary page of 2,000 paragraphs (processor time)
MUCH = 300_000


def _with(*, head: str = "", body: str = "") -> str:
    return page(1, head=head).decode().replace("</article>", f"{body}</article>")


def _linked(fields: str) -> str:
    data = f'{{"@type": "NewsArticle", {fields}}}'
    return _with(head=f'<script type="application/ld+json">{data}</script>')


def _titled(title: str) -> str:
    return f"<html><head><title>{title}</title></head><body><p>{'The crane turned again. ' * 20}</p></body></html>"


_TAGGED = '"<b>Ada Brandt</b>",'
HTML: dict[str, Callable[[], str]] = {
    "attributes after a quoted >": lambda: _with(body=f"<p x='>' {' '.join(f'a{n}=1' for n in range(50_000))}>x"),
    "attributes after a quoted <": lambda: _with(body=f"<p x='<' {' '.join(f'a{n}=1' for n in range(50_000))}>x"),
    "attributes separated by slashes": lambda: _with(body=f"<p {'/'.join(f'a{n}' for n in range(50_000))}>x"),
    "attributes of a custom element": lambda: _with(body=f"<my-p {' '.join(f'a{n}=1' for n in range(50_000))}>x"),
    "attributes without blanks": lambda: _with(
        body=f"<p {''.join(f'a{n}=`1`' for n in range(50_000))}>".replace("`", '"')
    ),
    "many tags of many attributes": lambda: _with(body=f"<p {' '.join(f'a{n}' for n in range(7_000))}>" * 20),
    "tags that never close": lambda: _with(body="<a " * (MUCH // 3)),
    "brackets for an author": lambda: _linked(f'"author": "A{"(" * MUCH}"'),
    "an author's lone marks": lambda: _linked(f'"author": "A{"[ " * MUCH}"'),
    "a hundred thousand authors": lambda: _linked(f'"author": [{_TAGGED * 30_000}""]'),
    "a hundred thousand keywords": lambda: _linked(f'"keywords": [{_TAGGED * 30_000}""]'),
    "markup for a summary": lambda: _linked(f'"description": "{"<b><i>" * (MUCH // 6)}"'),
    "a URL of subdomains": lambda: _linked(f'"url": "https://{"m." * MUCH}post.example/"'),
    "a canonical link of subdomains": lambda: _with(
        head=f"<link rel=canonical href='https://{'m.' * 20_000}a.example'>"
    ),
    "dashes in the title": lambda: _titled(f"b{'-' * MUCH}x | a"),
    "blanks before captions": lambda: _with(
        body=f"<figcaption>one two three four</figcaption><p>{' <b> </b>' * 9_000}"
    ),
    "inline elements of one paragraph": lambda: _with(body=f"<p>{' <b>x</b>' * 60_000}"),
    "paragraphs without end": lambda: _with(body="<p>" * 200_000),
    "captions in captions": lambda: _with(body=f"<figcaption>{'<div>' * 200}{'<i>one</i>' * 60_000}"),
    "images in nested boxes": lambda: _with(body=f"{'<div class=image>' * 5}{'<img src=a>' * 9_000}x{'</div>' * 5}"),
    "a class of build marks": lambda: _with(body=f"<div class='{'__1' * 2_000}-'><img src=a>x</div>"),
    "definitions": lambda: _with(body=f"<dl>{'<dt>a<dd>b' * 24_000}"),
    "comments without end": lambda: _with(body="<!--" * (MUCH // 4)),
    "nesting": lambda: _with(body="<div><i>" * 50_000),
    "one word": lambda: _with(body="w" * 5_000_000),
    "a tag of five megabytes": lambda: _with(body=f"<p title='{'w' * 5_000_000}'>x</p>"),
}
TEXT: dict[str, Callable[[], str]] = {
    "comments that may be HTML": lambda: "<!---->" * 600 + "x",
    "short lines before a long lead": lambda: (
        "Harbour Title\n" + "".join(f"Harbour {n}\n" for n in range(15_000)) + "Wind and rain " * 10_000 + "."
    ),
    "nothing but line breaks": lambda: f"x{chr(10) * MUCH}y",
    "quotation marks": lambda: "T\n\n" + "'a" * 60_000 + "x\na longer line of many more words follows here",
}


def _cleaned(body: str, content_type: str) -> Article | Rejected:
    url = "https://post.example/news/a"
    given = Page(
        url=url,
        final_url=url,
        status=200,
        headers={"content-type": content_type},
        body=body.encode(),
        fetched_at=datetime(2031, 5, 4, tzinfo=UTC),
    )
    return clean(given, source_key="any")


def _spent(body: str, content_type: str = "text/html; charset=utf-8") -> tuple[Article | Rejected, float]:
    """Return the outcome of a page, and the processor seconds that it took."""
    outcomes = []
    spent = processor_seconds(lambda: outcomes.append(_cleaned(body, content_type)))
    return outcomes[0], spent


def _ordinary() -> float:
    """Return the seconds of an ordinary page now: other work slows both pages, also in processor time."""
    story = "".join(f"<p>The crane number {n} turned again, and the harbour slept on.</p>" for n in range(2_000))
    return _spent(_with(body=story))[1]


@pytest.mark.parametrize("name", [*HTML, *TEXT])
@pytest.mark.timeout(600)
def test_hostile_page_is_cleaned_in_time(name: str) -> None:
    """Cleaning a page ends within the limit, with an article or a reason."""
    kind = "text/html" if name in HTML else "text/plain"
    before = _ordinary()
    got, spent = _spent((HTML | TEXT)[name](), f"{kind}; charset=utf-8")
    assert spent < ORDINARY * before or spent < ORDINARY * _ordinary()
    assert isinstance(got, Article | Rejected)


def test_page_with_too_many_elements_is_rejected() -> None:
    """A page over the limit of elements is rejected, and the reason names the limit."""
    got = _cleaned(HTML["paragraphs without end"](), "text/html")
    assert isinstance(got, Rejected)
    assert (got.reason, "30,000" in got.detail) == ("too_many_elements", True)


def test_page_with_too_much_text_is_rejected() -> None:
    """A text longer than any article's is rejected; a page with as much text in its scripts is not."""
    body = "<p>The council of the town met again on Monday, and voted on the mill.</p>" * 40
    sentence = "The council met on Monday. "
    long = _cleaned(f"<article><p>{sentence * 120_000}</p></article>", "text/html")
    scripted = _cleaned(f"<script>{sentence * 120_000}</script><article>{body}</article>", "text/html")
    assert getattr(long, "reason", None) == "too_much_text"
    assert getattr(scripted, "reason", None) != "too_much_text"


def test_long_attribute_is_kept() -> None:
    """A tag with one long value, as in data attributes, keeps its attributes: only their number costs time."""
    root = parse_html(f"<p data-state='{'{&quot;a&quot;: &gt;} > ' * 9_000}' class='story'>x</p>")
    assert root.xpath("//p/@class") == ["story"]
