"""`newslake.annotate`, `clean` and `show`: one text or page, without a lake."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

import newslake

pytestmark = [pytest.mark.model]
TEXT = "The mayor of Oakenfell, Ruth Amberley, met nurses on Tuesday. “We will build the ward,” she said."
MORE = (
    "",
    " The council of Oakenfell will vote on the plan for the new ward before the end of the month.",
    " Nurses have worked in two rooms of an old school since the flood closed the hospital in autumn.",
)
PAGE = f"""\
<html><head><title>A ward for Oakenfell</title>
<meta property="article:published_time" content="2026-03-05T08:00:00Z"></head>
<body><article><h1>A ward for Oakenfell</h1>
{"".join(f"<p>{TEXT}{more}</p>" for more in MORE)}</article></body></html>"""


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_text_is_annotated(tmp_path: Path) -> None:
    """A text gets entities, quotes and events in the columns of the tables, and offsets in it; no file is written."""
    document = newslake.annotate(TEXT, title="A ward", published_at="2026-03-05")
    [quote] = document.quotes
    people = {row["entity_name"] for row in document.entities if row["mention_kind"] == "name"}

    assert (document.text, document.title) == (TEXT, "A ward")
    assert (quote["speaker_name"], quote["speaker_gender"]) == ("Ruth Amberley", "F")
    assert document.text[quote["start_char"] : quote["end_char"]] == quote["quote_text"]
    assert people == {"Oakenfell", "Ruth Amberley"}
    assert [row["event_date"] for row in document.events if row["event_date_text"]] == [date(2026, 3, 3)]
    assert list(tmp_path.iterdir()) == []


def test_page_is_cleaned_and_annotated() -> None:
    """A page gets its title, date and text; a cleaned page can be annotated; an annotated one cannot be again."""
    page = newslake.clean(PAGE, "https://harbour.example/ward")
    document = newslake.annotate(page)

    assert (page.title, page.article["page_type"], page.rejection) == ("A ward for Oakenfell", "article", None)
    assert page.article["published_at"].date() == date(2026, 3, 5)
    assert page.article["url"] == "https://harbour.example/ward"
    assert page.article["quote_count"] is None
    assert TEXT in page.text
    assert document.text == page.text
    assert document.article["quote_count"] == len(document.quotes) > 0
    with pytest.raises(newslake.ConfigError, match="annotated already"):
        newslake.annotate(document)


def test_page_of_another_kind_says_why() -> None:
    """A page that a run would reject has the reason; bytes are decoded as a server's are."""
    html = f"<html><body><article><h1>A ward</h1><p>Grüße. {TEXT}</p></article></body></html>"
    page = newslake.clean(html.encode("cp1252"))

    assert page.text.endswith(f"Grüße. {TEXT}")
    assert newslake.clean(b"<html><body></body></html>").rejection == "empty: the page has no bytes or no text"


@pytest.mark.parametrize("wrong", ["5 March", "2026-13-01"])
def test_wrong_date_is_named(wrong: str) -> None:
    """A date that is not ISO 8601 is an error for texts and pages."""
    for call in (lambda: newslake.annotate(TEXT, published_at=wrong), lambda: newslake.clean(PAGE, fetched_at=wrong)):
        with pytest.raises(newslake.ConfigError, match="is not an ISO date or time"):
            call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: newslake.annotate(b"A ward"), "text is of the type bytes"),
        (lambda: newslake.annotate([TEXT]), "give one text"),
        (lambda: newslake.annotate(TEXT, published_at=5), "published_at=5 is not a date or time"),
        (lambda: newslake.clean(None), "a page is not of the type NoneType"),
        (lambda: newslake.clean(Path("page.html")), "read_bytes"),
        (lambda: newslake.clean("https://harbour.example/ward"), "nothing is fetched; give the HTML of its page"),
        (lambda: newslake.show(TEXT), r"show\(\) takes a document, not str"),
    ],
)
def test_wrong_argument_is_named(call: Callable[[], object], message: str) -> None:
    """An argument of another type, and a URL in place of a page, are errors that say what to give."""
    with pytest.raises(newslake.ConfigError, match=message):
        call()


def test_hostile_text_is_escaped_in_the_frame() -> None:
    """The frame of a document runs no script: it is sandboxed, and its page escapes the text and forbids scripts."""
    document = newslake.annotate(f"{TEXT}\n\n<script>alert(1)</script>", title='"><img src=x onerror=alert(1)>')
    frame = newslake.show(document, height=300)

    assert frame._repr_html_().startswith('<iframe sandbox style="width:100%;height:300px')
    assert frame._repr_html_().count("<") == 2
    assert "default-src 'none'" in frame.html.replace("&#39;", "'")
    assert "<script" not in frame.html
    assert "<img" not in frame.html
