"""Layout rules of a source: data with a first and a last day; matches are counted."""

from datetime import date

import pytest
from pages_for_clean import PARAGRAPHS, html_of, page_of

from newslake.pipeline.clean import Origin, clean, explain
from newslake.pipeline.model import Article, LayoutRule

ODD = "The harbour quiz of this week asks which of the three lighthouses was painted blue in the winter of the flood."
HTML = html_of(extra=f'<p class="quiz box">{ODD}</p>')
DROP = LayoutRule(drop=("p.quiz", "div.none"))


def _texts(*rules: LayoutRule, html: str = HTML) -> tuple[str, ...]:
    article = clean(page_of(html), source_key="harbour", rules=rules)
    assert isinstance(article, Article)
    return article.texts("paragraph")


def test_dropped_elements_are_not_read() -> None:
    """Dropped elements, and nothing else, are missing in the body."""
    assert ODD in _texts()
    assert _texts(DROP) == PARAGRAPHS


def test_text_after_a_dropped_element_stays() -> None:
    """Dropping an element inside a paragraph keeps the text after it."""
    html = HTML.replace("“We need", "<b class='mark'>LIVE</b> “We need")
    assert _texts(DROP, LayoutRule(drop=("b.mark",)), html=html) == PARAGRAPHS


def test_kept_container_is_the_body() -> None:
    """Only the container of a keep rule is read; title and date still come from the whole page."""
    html = HTML.replace("<p>", "<div class='story'><p>", 1).replace("</p>", "</p></div>", 1)
    page = page_of(html)
    article = explain(page, Origin("harbour", rules=(LayoutRule(keep="div.story"),))).article
    assert article.texts("paragraph") == PARAGRAPHS[:1]
    assert (article.title, article.published_at_method) == ("Council backs ferry terminal", "jsonld")


@pytest.mark.parametrize(
    ("since", "until", "holds"),
    [
        (None, date(2031, 5, 3), True),
        (None, date(2031, 5, 2), False),
        (date(2031, 5, 3), None, True),
        (date(2031, 5, 4), None, False),
    ],
)
def test_rule_holds_for_its_layouts_days(since: date | None, until: date | None, holds: bool) -> None:
    """The page's published day decides, both ends included, so that old pages keep their old rules."""
    rule = LayoutRule(drop=("p.quiz",), since=since, until=until)
    assert (ODD not in _texts(rule)) == holds


def test_undated_page_uses_its_fetch_day() -> None:
    """Without a published day the day of the fetch, the fourth, decides."""
    html = html_of(head="", extra=f'<p class="quiz">{ODD}</p>')
    assert ODD in _texts(LayoutRule(drop=("p.quiz",), until=date(2031, 5, 3)), html=html)
    assert ODD not in _texts(LayoutRule(drop=("p.quiz",), until=date(2031, 5, 4)), html=html)


def test_each_rule_is_counted() -> None:
    """The counts have the selector in their names; 0 shows that a rule no longer matches."""
    fired = explain(page_of(HTML), Origin("harbour", rules=(DROP, LayoutRule(keep="#gone")))).fired
    assert (fired["drop: p.quiz"], fired["drop: div.none"], fired["keep: #gone"]) == (1, 0, 0)


def test_line_rules_are_counted() -> None:
    """Lines that a line rule drops are counted with its name."""
    html = html_of(extra="<p>Read more: The ferry that never sailed and the men who waited</p>")
    assert explain(page_of(html), Origin("harbour")).fired.get("read_more") == 1
