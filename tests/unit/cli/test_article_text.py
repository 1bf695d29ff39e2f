"""The page of an article as text: one line per quote and per name."""

from newslake.pipeline.cli.article_text import describe_quote, name_line
from newslake.pipeline.show.article import article_page
from tests.unit.show.golden_rows import TWIN, golden_rows


def test_a_quote_names_co_speakers_and_reporter() -> None:
    """The line of a quote names all who say it, and who reports it."""
    rows = golden_rows("day-3__lantern__2026__03__04__ferry-row-ends")
    [quote, *_] = [row for row in rows["quotes"] if row["speaker_name"] == "Aino Kestilä"]
    quote |= {"reported_by_name": "Hedvig Almgren", "speaker_role": None}
    quote["co_speakers"] = [{"text": "Tamsalu", "name": "Rein Tamsalu", "entity_id": None}]
    page = article_page(rows, origin="A sample.")

    line = describe_quote(page.quotes[quote["quote_index"]])
    assert line.startswith("Aino Kestilä, with Rein Tamsalu, reported by Hedvig Almgren (")


def test_a_linked_surname_names_its_person() -> None:
    """The line of a surname names the person of the other articles."""
    rows = golden_rows(TWIN)
    [cluster, *_] = [row["cluster_index"] for row in rows["entities"] if row["entity_name"] == "Rufina Cask"]
    link = {"cluster_index": cluster, "person_id": "Q1", "person_name": "Rufina Ada Cask", "method": "related"}
    page = article_page({**rows, "person_links": [link]}, origin="A sample.")

    [line] = [name_line(card) for card in page.entities if card.person]
    assert line.startswith("Rufina Cask: PERSON, in other articles Rufina Ada Cask (related), ")
