"""The page of an article in Newsroom: links to people, organisations, receipts and the publisher."""

from datetime import date
from urllib.parse import quote as quote_url

import lxml.html

from newslake.pipeline.addons.newsroom.pages.article import newsroom_article
from newslake.pipeline.show.article import article_html, article_page
from tests.unit.show.golden_rows import TWIN, golden_page, golden_rows


def _text(element) -> str:
    return " ".join(element.text_content().split())


def test_a_linked_surname_leads_to_its_person():
    """The card of a surname that other articles complete leads to the page of that person."""
    rows = golden_rows(TWIN)
    [cluster, *_] = [row["cluster_index"] for row in rows["entities"] if row["entity_name"] == "Rufina Cask"]
    link = {"cluster_index": cluster, "person_id": "a" * 16, "person_name": "Rufina Ada Cask", "method": "related"}
    page = article_page({**rows, "person_links": [link]}, origin="A sample.")

    assert f'href="../people/{"a" * 16}"' in newsroom_article(page, root="../")


def test_a_quote_leads_to_its_provenance_in_newsroom():
    """Inside Newsroom, each quote and event links to the page that traces its row."""
    page = golden_page(TWIN)
    html = newsroom_article(page, root="../")

    for row in (page.quotes[0].row, page.events[0].row):
        assert f'<a href="../why?url={quote_url(row)}">why</a>' in html


def test_names_lead_to_their_pages_in_newsroom():
    """Inside Newsroom, a person and an organisation lead to their pages on the days around the article's stored day; a
    place does not. So does the speaker of a quote. A file has no such links."""
    rows = golden_rows("day-3__lantern__2026__03__04__ferry-row-ends")
    rows["articles"][0]["published_at"] = None  # fetched on another day than its rows have
    page = article_page(rows, origin="A sample.", published_date=date(2026, 2, 20))
    tree = lxml.html.document_fromstring(newsroom_article(page, root="../"))
    cards = {_text(each): each.xpath("./a/@href") for each in tree.cssselect("#names .cast h3")}
    days = "?from=2026-02-05&to=2026-03-07"
    person, organisation = (
        next(each.entity_id for each in page.entities if each.name == name)
        for name in ("Aino Kestilä", "Nordhavn Line")
    )

    assert cards["Aino Kestilä"] == [f"../people/{person}{days}"]
    assert cards["Nordhavn Line"] == [f"../organisations/{organisation}{days}"]
    assert cards["Stockholm"] == []
    assert f"../people/{person}{days}" in tree.xpath("//ul[@class='cards']/li/strong/a/@href")
    assert "../people/" not in article_html(page)


def test_the_publisher_is_one_click_away_in_newsroom():
    """Inside Newsroom, the line of the authors leads to the publisher's page, outside of the frame; a file has no
    outside link. An article without a web page has none."""
    page = golden_page("day-3__lantern__2026__03__04__ferry-row-ends")
    tree = lxml.html.document_fromstring(newsroom_article(page, root="../"))
    [link] = tree.cssselect(".byline a")

    assert (link.get("href"), link.get("target"), link.get("rel")) == (page.web_url, "_blank", "noopener noreferrer")
    assert page.web_url.startswith("http")
    assert tree.xpath("//table//a[@target='_blank']/@href") == [page.web_url] * 2
    assert article_page({**golden_rows(TWIN)}, origin="-").web_url == ""
