"""The page of an article: links in both directions, non-factual events, and no active content."""

import json
import re
from collections import Counter

import lxml.html
import pytest

from newslake.pipeline.show.article import article_html, article_page
from tests.unit.show.golden_rows import TWIN, golden_cases, golden_page, golden_rows

HOSTILE = "</pre></style><script>alert(1)</script><img src=x onerror=alert(1)>'\"&{{7*7}}\u202e\x00\u2066"


@pytest.fixture(scope="module")
def twin():
    """The page of the invented article with the difficult cases of a plain text."""
    return lxml.html.document_fromstring(article_html(golden_page(TWIN)))


def _text(element) -> str:
    return " ".join(element.text_content().split())


def _paragraph(tree, words: str):
    (found,) = [each for each in tree.cssselect(".text .b") if words in _text(each)]
    return found


def _number_of(page, words: str) -> int:
    (found,) = [quote.number for quote in page.quotes if words in quote.text]
    return found


def test_a_statement_over_three_paragraphs_is_one_quote(twin):
    """Three paragraphs have one number: it begins in the first, continues in two, ends once; its speaker is named."""
    page = golden_page(TWIN)
    number = _number_of(page, "counted, weighed and photographed")
    first, second, third = (
        _paragraph(twin, words) for words in ("We have been counted", "every queen in them", "without a veil")
    )

    assert [_text(each.cssselect(".l.q")[0]) for each in (second, third)] == [f"{number}…", f"{number}…"]
    assert all(each.cssselect(".said.direct") for each in (first, second, third))
    assert _text(third).count(f"end of quote {number}") == twin.text_content().count(f"end of quote {number}") == 1
    assert _text(first.cssselect(f"#n{number} strong")[0]) == "Rufina Cask"
    assert "Rufina Cask, continued" in _text(second)


def test_a_quote_its_speaker_and_its_cue_link_to_each_other(twin):
    """A quote links to the mention of its speaker; the mention and the cue link to the quote."""
    number = _number_of(golden_page(TWIN), "I pay more for jars")
    paragraph = _paragraph(twin, "told")
    label, speaker, cue = (paragraph.cssselect(f"#{letter}{number}")[0] for letter in "qsc")

    assert (label.get("href"), speaker.get("href"), cue.get("href")) == (f"#s{number}", f"#q{number}", f"#q{number}")
    assert _text(speaker.getprevious()) == "He"
    assert _text(cue.getprevious()) == "told"
    assert {_text(each) for each in (label, speaker, cue)} == {str(number)}


def test_a_quote_is_listed_for_all_who_say_it(twin):
    """A quote of two people is on the cards of both, once; the quote names both."""
    rows = golden_rows("day-3__lantern__2026__03__04__ferry-row-ends")
    [tamsalu, *_] = [row for row in rows["entities"] if row["entity_name"] == "Rein Tamsalu"]
    [quote, *_] = [row for row in rows["quotes"] if row["speaker_name"] == "Aino Kestilä"]
    quote["co_speakers"] = [{"text": "Tamsalu", "name": "Rein Tamsalu", "entity_id": tamsalu["entity_id"]}]
    page = article_page(rows, origin="A sample.")
    cards = [card.name for card in page.entities if quote["quote_index"] + 1 in [each.number for each in card.quotes]]

    assert (quote["speaker_name"], cards) == ("Aino Kestilä", ["Aino Kestilä", "Rein Tamsalu"])
    assert page.quotes[quote["quote_index"]].co_speakers == ("Rein Tamsalu",)


def test_a_linked_surname_is_explained():
    """The card of a surname says whose it is, and why; the rows have the link."""
    rows = golden_rows(TWIN)
    [cluster, *_] = [row["cluster_index"] for row in rows["entities"] if row["entity_name"] == "Rufina Cask"]
    link = {"cluster_index": cluster, "person_id": "a" * 16, "person_name": "Rufina Ada Cask", "method": "related"}
    page = article_page({**rows, "person_links": [link]}, origin="A sample.")

    assert [(card.name, card.person) for card in page.entities if card.person] == [
        ("Rufina Cask", "in other articles Rufina Ada Cask (related)")
    ]
    assert "in other articles Rufina Ada Cask (related)" in article_html(page)


def test_a_hypothetical_event_is_marked(twin):
    """A hypothetical event has a shape, the word and a note; colour alone carries no meaning."""
    (trigger,) = _paragraph(twin, "could be asked").cssselect(".event.hypothetical:contains('asked')")
    label = trigger.getnext()

    assert label.get("class") == "l hypothetical"
    assert re.fullmatch(r"\d+ hypothetical", _text(label))
    notes = [_text(each) for each in _paragraph(twin, "could be asked").cssselect(".margin .note")]
    assert f"{_text(label).split()[0]} REQUEST · → Constance Umber asked: hypothetical" in notes


def test_events_have_type_and_participants_in_the_margin(twin):
    """Next to its paragraph, each event has its type, actor and recipient, linked to its entry in the list."""
    events = golden_page(TWIN).events
    notes = {each.get("href"): _text(each) for each in twin.cssselect(".margin .note a[href^='#v']")}

    assert notes == {f"#v{each.number}": each.summary for each in events}
    assert {" · " in each.summary for each in events if each.actor} == {True}
    assert [each.summary for each in events if each.actor and each.recipient and " → " not in each.summary] == []


def test_quotes_are_listed_with_their_text(twin):
    """The list of quotes has the text of each."""
    assert [_text(each) for each in twin.cssselect(".cards .words")] == [each.text for each in golden_page(TWIN).quotes]


def test_nationalities_are_no_organisations():
    """A nationality has its own list."""
    page = golden_page("day-3__lantern__2026__03__04__ferry-row-ends")

    assert {card.group for card in page.entities if card.kind == "NORP"} == {"nationality"}
    assert "<h2>Nationalities and groups</h2>" in article_html(page)


def test_legend_and_corrections_are_folded(twin):
    """Legend and corrections are closed; corrections are named for screen readers."""
    assert twin.cssselect("details[open]") == []
    assert {_text(each) for each in twin.cssselect(".fix summary")} == {"✎Correct this"}


def test_a_cross_heading_and_a_caption_are_labelled(twin):
    """A heading in quotation marks is a heading, not a quote; a caption is labelled."""
    heading = _paragraph(twin, "Taxed for flowers")
    caption = _paragraph(twin, "among the hives at Thornmere")

    assert (heading.cssselect("h2") != [], heading.cssselect(".said, .quote")) == (True, [])
    assert "heading" in _text(heading)
    assert _text(caption).lower().startswith("caption ")


def test_people_are_listed_with_what_they_said(twin):
    """An entry has gender with its method, roles, mentions, and a link to each quote."""
    page = golden_page(TWIN)
    (cask,) = [each for each in page.entities if each.name == "Rufina Cask"]
    entry = twin.get_element_by_id(f"e{cask.cluster}")

    assert "female (by pronoun)" in _text(entry)
    assert [link.get("href") for link in entry.cssselect(".said-list a")] == [
        f"#q{each.number}" for each in cask.quotes
    ]
    assert len(cask.quotes) == 2


def test_a_quote_and_a_name_have_the_lines_that_correct_them(twin):
    """A quote has the lines for another speaker and for no quote; a name has the line for its Wikidata item."""
    lines = [each.text for each in twin.cssselect(".cards .fix pre")]

    assert any("is_quote = false" in each and "counted, weighed" in each for each in lines)
    assert any('speaker = "Full Name"' in each and "counted, weighed" in each for each in lines)
    assert any('[[names."Rufina Cask"]]' in each.text for each in twin.cssselect(".cast .fix pre"))


@pytest.mark.parametrize("case", golden_cases())
def test_every_page_is_consistent(case):
    """Each sample page shows the whole text; ids are unique, each link has a target, links do not nest."""
    rows = golden_rows(case)
    tree = lxml.html.document_fromstring(article_html(golden_page(case)))
    ids = Counter(tree.xpath("//@id"))
    links = {href for href in tree.xpath("//a/@href")}
    article = rows["articles"][0]
    blocks = [article["text"][each["start_char"] : each["end_char"]].split() for each in article["blocks"]]

    assert [name for name, count in ids.items() if count > 1] == []
    assert {href for href in links if not href.startswith("#") or href[1:] not in ids} == set()
    assert tree.xpath("//a//a") == []
    for label in tree.cssselect(".text .l, .text .unseen, .text .margin, .text .kind"):
        label.drop_tree()
    assert [_text(each).split() for each in tree.cssselect(".text .b")] == blocks


def test_rows_are_complete(twin):
    """The rows of the page are those of the tables, as JSON."""
    shown = {
        each.getprevious().text.split(":")[0]: json.loads(each.text) for each in twin.cssselect("#rows ~ details pre")
    }
    rows = golden_rows(TWIN)

    assert set(shown) == {"articles", "entities", "quotes", "events"}
    assert shown["quotes"] == json.loads(json.dumps(rows["quotes"], default=str))


def _hostile(rows):
    """Return rows in which every text that is not a value of the contract is hostile."""
    from newslake.pipeline.tables import ANNOTATION_TABLES

    bad = {table: [dict(row) for row in found] for table, found in rows.items()}
    for spec in ANNOTATION_TABLES:
        for column in spec.columns:
            if column.values or column.name in ("article_id", "revision_id", "cue_text"):
                continue
            for row in bad[spec.name]:
                if isinstance(row[column.name], str):
                    row[column.name] = _same_length(row[column.name]) if column.name == "text" else HOSTILE
                elif isinstance(row[column.name], list) and all(isinstance(each, str) for each in row[column.name]):
                    row[column.name] = [HOSTILE] * len(row[column.name])
    return bad


def _same_length(text: str) -> str:
    return (HOSTILE * (len(text) // len(HOSTILE) + 1))[: len(text)]


def test_nothing_in_a_row_is_active():
    """For any rows, the page has only its own elements and attributes, and no invisible characters."""
    html = article_html(article_page(_hostile(golden_rows(TWIN)), origin=HOSTILE))
    plain = article_html(golden_page(TWIN))
    tree, known = lxml.html.document_fromstring(html), lxml.html.document_fromstring(plain)

    assert {each.tag for each in tree.iter()} <= {each.tag for each in known.iter()}
    assert {name for each in tree.iter() for name in each.attrib} <= {
        name for each in known.iter() for name in each.attrib
    }
    assert not re.search("[\x00\u202e\u2066]", html)
    assert "{{7*7}}" in tree.text_content()
    assert tree.cssselect("style")[0].text == known.cssselect("style")[0].text


def test_a_page_is_self_contained(twin):
    """Scripts, handlers, style attributes and loaded URLs are forbidden by the policy and absent."""
    html = article_html(golden_page(TWIN))
    (policy,) = twin.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")

    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert (
        twin.xpath("//script | //link | //img | //iframe | //object | //form | //svg | //base | //@src | //@style")
        == []
    )
    assert [name for each in twin.iter() for name in each.attrib if name.startswith("on")] == []
    assert re.findall(r"url\(|@import|(?:href|src)=\"(?!#)", html) == []


def test_an_article_that_is_not_annotated_says_so():
    """For an unsupported language, the page has the text and the reason why it has no annotations."""
    rows = golden_rows(TWIN)
    article = rows["articles"][0] | {"entity_count": None, "quote_count": None, "event_count": None}
    html = article_html(article_page({"articles": [article], "entities": [], "quotes": [], "events": []}, origin="-"))

    assert "Not annotated: the language is not supported." in html
    assert "Lionel April refused to come out" in html


def test_a_duplicate_names_its_original():
    """A duplicate names its original, the method and the similarity; other articles do not."""
    rows = golden_rows(TWIN)
    copy = {"dup_group_id": "f" * 32, "is_duplicate": True, "method": "text", "similarity": 0.93}
    for row, expected in ((copy, [("f" * 32, "method text, similarity 0.93")]), (copy | {"is_duplicate": False}, [])):
        page = article_page({**rows, "near_duplicates": [row]}, origin="-")
        assert [(each.value, each.how) for each in page.fields if each.name == "duplicate of"] == expected


def test_credits_are_shown_with_their_kind():
    """An agency is on the line of the authors, and among the fields with its kind and method."""
    shown = golden_page("day-2__courier__world__lisbon-sardine-talks")

    assert "Halyard News Agency" in shown.byline.split(" · ")
    (field,) = [each for each in shown.fields if each.name == "credits"]
    assert field.value == "Halyard News Agency (agency)"
    assert field.how.startswith("method ")
