"""Pairs of people in one sentence, per day."""

from typing import Any

import pyarrow as pa

from newslake.pipeline.clusters import MENTION_COLUMNS, co_mention_rows
from newslake.pipeline.tables import TABLE_SPECS, check_batch, rows_table
from tests.unit.lake.rows import blank

_COPIES = pa.schema([("article_id", pa.string()), ("revision_id", pa.string()), ("is_duplicate", pa.bool_())])


_MENTIONS, _LINKS = TABLE_SPECS["entities"].schema, TABLE_SPECS["person_links"]


def _pairs(
    *mentions: tuple[str, int, str, str],
    copies: tuple[tuple[str, str, bool], ...] = (),
    links: tuple[tuple[str, int, str, str], ...] = (),
) -> list[Any]:
    """Return pairs of (article, sentence, entity id, name); an id of a person begins with P, and has its cluster.

    ``links`` are (article, cluster, person id, name).
    """
    kinds = {"P": "PERSON", "O": "ORG", "-": "PERSON"}
    rows = [
        (a, "r", None if who == "-" else int(who[1:]), kinds[who[0]], None if who == "-" else who, name, at)
        for a, at, who, name in mentions
    ]
    schema = pa.schema([_MENTIONS.field(name) for name in MENTION_COLUMNS])
    entities = pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema=schema)
    known = pa.Table.from_pylist([dict(zip(_COPIES.names, row, strict=True)) for row in copies], schema=_COPIES)
    linked = [
        blank(_LINKS, article_id=a, revision_id="r", cluster_index=at, person_id=who, person_name=name)
        for a, at, who, name in links
    ]
    table = co_mention_rows(entities, known, rows_table(_LINKS, linked))
    assert check_batch({"co_mentions": table}) == ()
    return sorted(tuple(row.values()) for row in table.to_pylist())


def test_an_article_counts_once_for_a_pair():
    """Two sentences of an article with the same two people count once, in any order of the names."""
    found = _pairs(
        *[("a", 0, "P2", "Bo"), ("a", 0, "P1", "Al"), ("a", 3, "P1", "Al"), ("a", 3, "P2", "Bo"), ("a", 3, "P2", "Bo")],
        *[("b", 1, "P1", "Al"), ("b", 1, "P2", "Bo")],
    )

    assert found == [("P1", "P2", "Al", "Bo", 2)]


def test_only_people_who_are_known_and_in_one_sentence():
    """Organisations, people without an id, and people in different sentences are not paired."""
    assert _pairs(("a", 0, "P1", "Al"), ("a", 0, "O1", "Board"), ("a", 0, "-", "he"), ("a", 1, "P2", "Bo")) == []


def test_duplicates_do_not_count():
    """An article that repeats an earlier one does not count; a row of copies for another revision has no effect."""
    mentions = [(article, 0, *who) for article in "abc" for who in (("P1", "Al"), ("P2", "Bo"))]

    found = _pairs(*mentions, copies=(("a", "r", False), ("b", "r", True), ("c", "older", True)))

    assert found == [("P1", "P2", "Al", "Bo", 2)]


def test_names_are_the_longest_of_the_day():
    """The name is the longest of an id on that day, and the last of equally long ones."""
    found = _pairs(
        *[("a", 0, "P1", "Al Qu"), ("a", 0, "P2", "Bo Ra")],
        *[("b", 0, "P1", "Al Quill"), ("b", 5, "P2", "Bo Ro")],
    )

    assert found == [("P1", "P2", "Al Quill", "Bo Ro", 1)]


def test_a_day_without_people_has_no_rows():
    """A day without mentions has no pairs."""
    assert _pairs() == []


def test_a_linked_surname_is_the_person():
    """A surname that is linked to a person counts for the person; in other articles it stays apart."""
    found = _pairs(
        *[("a", 0, "P1", "Al Quill"), ("a", 0, "P2", "Bo Ra")],
        *[("b", 0, "P3", "Quill"), ("b", 0, "P2", "Bo Ra"), ("c", 0, "P3", "Quill"), ("c", 0, "P2", "Bo Ra")],
        links=(("b", 3, "P1", "Al Quill"),),
    )

    assert found == [("P1", "P2", "Al Quill", "Bo Ra", 2), ("P2", "P3", "Bo Ra", "Quill", 1)]
