"""The answer of a question as a table: labels, percent, links to articles and their places, columns for machines."""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from newslake.pipeline.addons.newsroom.pages.answers import AnswerTable, build_answer_table
from newslake.pipeline.addons.newsroom.pages.saved_queries import parse_question_request, question_page
from newslake.pipeline.addons.newsroom.rendering import parse_period
from newslake.pipeline.query.connection import QueryResult, connect
from newslake.pipeline.query.saved_queries import list_questions
from tests.unit.query.conftest import WriteRows, small_lake, write_rows

__all__ = ["small_lake", "write_rows"]

DAY = date(2026, 3, 2)
ARTICLE = "d" * 32


@pytest.fixture
def lake(write_rows: WriteRows) -> Path:
    """A lake of one article."""
    row = {
        "article_id": ARTICLE,
        "revision_id": "d" * 16,
        "published_at": None,
        "title": "Harbour reopens",
        "url": "https://a.example/1",
        "canonical_url": "https://a.example/one",
        "fetched_at": datetime(2026, 3, 2, tzinfo=UTC),
    }
    return write_rows("articles", DAY, [row])


def _table(lake: Path, *, period: tuple[date | None, date | None] = (None, None), **columns: object) -> AnswerTable:
    answer = QueryResult(columns=tuple(columns), rows=(tuple(columns.values()),))
    with connect(lake) as connection:
        return build_answer_table(connection, answer, root="../", most=10, period=period)


def test_a_share_is_percent_and_a_time_has_minutes(lake: Path):
    """Numbers, shares, days and times are written for people; null is empty."""
    found = _table(
        lake, share_women=0.5972, quotes=1234, published_at=datetime(2026, 3, 2, 8, 5, tzinfo=UTC), role=None
    )

    assert [cell.text for cell in found.rows[0]] == ["59.7 %", "1,234", "2026-03-02 08:05", ""]
    assert [(column.label, column.look) for column in found.columns] == [
        ("women", "number"),
        ("quotes", "number"),
        ("published", "day"),
        ("role", ""),
    ]


def test_ids_and_urls_become_the_linked_title(lake: Path):
    """A row with an article has its title, linked to the row's place in the article; long texts are wide."""
    found = _table(lake, quote="“We did,”", url="https://a.example/1", article_id=ARTICLE, quote_index=2)

    assert [(column.name, column.look) for column in found.columns] == [("quote", "text"), ("article", "link")]
    assert (found.rows[0][1].text, found.rows[0][1].href) == ("Harbour reopens", f"../articles/{ARTICLE}#q3")


@pytest.mark.parametrize("url", ["https://a.example/1", "https://a.example/one"])
def test_a_url_finds_its_article(lake: Path, url: str):
    """Without an id, the article is found by its URL or canonical URL; the title of the answer is the link."""
    found = _table(lake, title="A title", url=url, event_index=0)

    assert [(cell.text, cell.href) for cell in found.rows[0]] == [("A title", f"../articles/{ARTICLE}#v1")]


def test_an_unknown_url_leads_outside_only_if_it_is_a_web_page(lake: Path):
    """A URL without an article is a link to the publisher; a script is no link."""
    [[web]] = _table(lake, url="https://b.example/").rows
    [[script]] = _table(lake, url="javascript:alert(1)").rows

    assert (web.text, web.href, web.is_outside) == ("publisher's page", "https://b.example/", True)
    assert script.href == ""


def test_every_question_has_a_group():
    """Each saved question is listed under people, quotes, events or quality."""
    assert [each.slug for each in list_questions() if not each.group] == []


@pytest.mark.parametrize("slug", [each.slug for each in list_questions() if each.options])
def test_forms_have_no_words_of_the_command_line(small_lake: Path, slug: str):
    """Fields have a label and a help without the placeholders of the command line, which calls them options."""
    html = question_page(small_lake, parse_question_request(slug, {}), root="../").split('<details class="more">')[0]

    assert [word for word in ("NUMBER", "SHARE", "NAME ", "option &#34;", 'option "') if word in html] == []
    assert html.count('title="') >= len(parse_question_request(slug, {}).question.options)


def test_many_columns_leave_the_text_in_sight(lake: Path):
    """In a wide answer, the long text follows the first column, with article and publisher below it in its cell."""
    narrow = {f"column_{at}": at for at in range(9)}
    found = _table(lake, **narrow, publisher="The Post", sentence="We did.", article_id=ARTICLE, event_index=1)
    [row] = found.rows

    assert [column.name for column in found.columns] == ["column_0", "sentence", *list(narrow)[1:]]
    assert [cell.text for cell in row][:3] == ["0", "We did.", "1"]
    assert [(each.text, each.href) for each in row[1].below] == [
        ("Harbour reopens", f"../articles/{ARTICLE}#v2"),
        ("The Post", ""),
    ]
    assert found.look == "wide"


def test_people_of_an_answer_lead_to_the_list_of_people(lake: Path):
    """The name of a person is a link. The speaker of a text, who may be an organisation, is not a link."""
    [[person, other, _]] = _table(lake, person="Ada Okoro", other_person=None, articles=2).rows
    [[ranked, _]] = _table(lake, speaker="Ada Okoro", words=20).rows
    [[quoted, _]] = _table(lake, speaker="Harbour Trust", quote="“We did,”").rows

    assert (person.href, other.href) == ("../people?name=Ada+Okoro", "")
    assert (ranked.href, quoted.href) == ("../people?name=Ada+Okoro", "")


@pytest.mark.parametrize(
    ("last", "days"),
    [(date(2027, 3, 2), "&from=2026-03-02&to=2027-03-02"), (date(2027, 3, 3), ""), (None, "")],
)
def test_people_are_linked_on_the_days_of_the_answer(lake: Path, last: date | None, days: str):
    """A link has the days of the question, if the list of people can show them all. A very long name is no link."""
    [[person, longest, longer]] = _table(
        lake, period=(DAY, last), person="Ada", other_person="A" * 200, speaker="A" * 201
    ).rows

    assert person.href == f"../people?name=Ada{days}"
    assert (longest.href != "", longer.href) == (True, "")
    if days:
        assert parse_period(dict(parse_qsl(urlsplit(person.href).query)), last=DAY, days=30) == (DAY, last)


def test_cells_of_a_card_have_labels(small_lake: Path):
    """On a phone, a value has its label: the first column, texts and links speak for themselves."""
    html = question_page(small_lake, parse_question_request("reported-events", {}), root="../")

    assert re.search(r'<td dir="auto" data-l="actors">', html)
    assert 'data-l="sentence"' not in html
    assert 'data-l="event type"' not in html


def test_a_field_offers_the_values_of_the_answer(small_lake: Path):
    """The field of a name suggests the speakers of the answer."""
    html = question_page(small_lake, parse_question_request("who-said-what", {}), root="../")

    assert '<datalist id="about-choices"><option>' in html
    assert 'list="about-choices"' in html
