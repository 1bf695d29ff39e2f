"""The gold annotations compared with their pages."""

import html
import re
from datetime import datetime

import pytest

from samples.gold import GOLD, read_gold

SAMPLES = GOLD.parent
ENTRIES = {name if name.startswith("inbox/") else f"newsroom/{name}": entry for name, entry in read_gold().items()}
KEPT = sorted(name for name, entry in ENTRIES.items() if entry["outcome"] == "kept")
READ = [name for name in KEPT if "quotes" in ENTRIES[name]]
EVENT_TYPES = {
    *("AGREE", "CONSULT", "SUPPORT", "CONCEDE", "COOPERATE", "AID", "RETREAT", "REQUEST", "ACCUSE", "REJECT"),
    *("THREATEN", "PROTEST", "SANCTION", "MOBILIZE", "COERCE", "ASSAULT", "OTHER"),
}


def text_of(name: str) -> str:
    """Return the page's text without tags, with normalized white space."""
    body = (SAMPLES / name).read_bytes()
    source = body.decode("cp1252" if "cafe-night-workers" in name else "utf-8")
    if name.endswith(".html"):
        source = re.sub(r"(?is)<(script|style|title)\b.*?</\1>", " ", source)
        source = re.sub(r"(?i)</?(p|div|li|h\d|figcaption|td)\b[^>]*>", " ", source)
        source = html.unescape(re.sub(r"<[^>]+>", "", source))
    return " ".join(source.split())


def paragraphs_of(name: str) -> list[str]:
    """Return the body paragraphs of a page, from the first to the last one in gold."""
    ends = ENTRIES[name]["paragraphs"]
    source = (SAMPLES / name).read_bytes().decode("cp1252" if "cafe-night-workers" in name else "utf-8")
    if name.endswith(".html"):
        found = re.findall(r"(?is)<p>(.*?)(?=</?p>|</body>|</?div)", source)
        texts = [" ".join(html.unescape(re.sub(r"<[^>]+>", "", each)).split()) for each in found]
    else:
        texts = [line.strip() for line in source.splitlines() if line.strip()]
    first = next(i for i, text in enumerate(texts) if text.startswith(ends["first_words"]))
    last = next(i for i, text in enumerate(texts) if text.endswith(ends["last_words"]))
    aside = {*ENTRIES[name]["headings"], *ENTRIES[name]["captions"], ""}
    promo = re.compile(r"^(Get the |Already a subscriber)")
    return [text for text in texts[first : last + 1] if text not in aside and not promo.match(text)]


@pytest.mark.parametrize("name", KEPT)
def test_every_string_of_the_article_is_in_its_page(name: str) -> None:
    """Title, standfirst, authors, captions, headings and people are exact strings of the page."""
    entry, text = ENTRIES[name], text_of(name)
    strings = [entry["title"], entry["standfirst"] or "", *entry["authors"], *entry["captions"], *entry["headings"]]
    strings += [*entry.get("people", ()), *entry.get("not_quotes", ()), entry.get("wire_agency") or ""]
    assert [each for each in strings if each not in text] == []


@pytest.mark.parametrize("name", KEPT)
def test_number_of_paragraphs_is_that_of_gold(name: str) -> None:
    """From the first to the last paragraph, the page has exactly the number in gold."""
    assert len(paragraphs_of(name)) == ENTRIES[name]["paragraphs"]["count"]


@pytest.mark.parametrize("name", READ)
def test_every_quote_is_in_its_page(name: str) -> None:
    """Each quote begins and ends with its words, in reading order, and its speaker's name is in the page."""
    text, position = text_of(name), 0
    for quote in ENTRIES[name]["quotes"]:
        start = text.find(quote["text_start"], position)
        assert start >= 0, f"{quote['text_start']!r} is not in {name} after character {position}"
        end = text.find(quote["text_end"], start)
        assert 0 <= end - start < 420, f"{quote['text_end']!r} does not close {quote['text_start']!r} in {name}"
        assert (quote["speaker_name"] or "") in text
        position = end


@pytest.mark.parametrize("name", READ)
def test_quote_types_fit_their_marks(name: str) -> None:
    """A direct quote begins and ends with quotation marks, a mixed quote contains them, an indirect quote does not."""
    text, position = text_of(name), 0
    for quote in ENTRIES[name]["quotes"]:
        start = text.find(quote["text_start"], position)
        position = text.find(quote["text_end"], start) + len(quote["text_end"])
        span = text[start:position]
        outer = span[0] in "“\"‘'" and span[-1] in "“”\"’'"
        has_marks = re.search(r"""[“”"‘]|(?<!\w)'""", span)  # not the apostrophe of "they'll"
        found = "indirect" if not has_marks else "direct" if outer else "mixed"
        fragment_only = outer and quote["type"] == "mixed"  # "called it “a gamble”": the verb holds the fragment
        assert quote["type"] == found or fragment_only, span


@pytest.mark.parametrize("name", READ)
def test_every_speaker_has_a_kind(name: str) -> None:
    """People and organisations have names; unnamed speakers and documents do not."""
    kinds = {(quote["speaker_kind"], quote["speaker_name"] is not None) for quote in ENTRIES[name]["quotes"]}
    assert kinds <= {("person", True), ("organisation", True), ("unnamed", False), ("document", False)}


@pytest.mark.parametrize("name", [name for name in KEPT if "events" in ENTRIES[name]])
def test_every_event_has_a_trigger_in_the_page(name: str) -> None:
    """Triggers are whole words of the page, types are from PLOVER, modalities from the contract."""
    text = text_of(name)
    for event in ENTRIES[name]["events"]:
        types = event["type"] if isinstance(event["type"], list) else [event["type"]]
        assert re.search(rf"\b{event['trigger']}\b", text), event
        assert set(types) <= EVENT_TYPES
        assert event["modality"] in {"happened", "planned", "hypothetical", "negated"}
        assert re.fullmatch(r"\d{4}(-\d\d(-\d\d)?|-W\d\d)?|", event.get("date") or "")


@pytest.mark.parametrize("name", KEPT)
def test_dates_are_utc_or_null(name: str) -> None:
    """A date has a method and a precision; without a date the method is unknown."""
    entry = ENTRIES[name]
    if entry["published_at"] is None:
        assert (entry["published_at_method"], entry["published_at_precision"]) == ("unknown", None)
    else:
        assert datetime.fromisoformat(entry["published_at"]).utcoffset().total_seconds() == 0  # type: ignore[union-attr]


def test_every_page_has_gold() -> None:
    """Each state of each page of the newsroom has an entry, and each entry has a page."""
    pages = {str(path.relative_to(SAMPLES)) for path in (SAMPLES / "newsroom").rglob("*.html")}
    assert {name for name in ENTRIES if name.startswith("newsroom/")} == pages


def test_the_wire_story_is_one_story() -> None:
    """Two publishers have the agency's text with the same title and paragraphs in different markup."""
    courier = "newsroom/day-2/courier/world/lisbon-sardine-talks.html"
    lantern = "newsroom/day-2/lantern/2026/03/03/portugal-morocco-sardines.html"
    assert ENTRIES[courier]["title"] == ENTRIES[lantern]["title"]
    assert paragraphs_of(courier) == paragraphs_of(lantern)


def test_the_update_loses_a_quote_and_gains_a_paragraph() -> None:
    """Between Monday and Tuesday, a paragraph with a quote is removed and another paragraph is added."""
    monday = paragraphs_of("newsroom/day-1/courier/news/harbour-bridge-closed.html")
    tuesday = paragraphs_of("newsroom/day-2/courier/news/harbour-bridge-closed.html")
    gone = [text for text in monday if text not in tuesday]
    come = [text for text in tuesday if text not in monday]
    assert [text[:24] for text in (*gone, *come)] == ["Councillor Dawn Ashgrove", "By Tuesday afternoon eng"]
