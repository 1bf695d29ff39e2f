"""Event reports: which events of different articles are the same event."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from newslake.pipeline.clusters import event_cluster_member_rows, relate_events
from newslake.pipeline.tables import check_batch
from tests.planted import Press
from tests.unit.clusters.builders import DAY, EventArticle, build_event_day

MET = EventArticle(article="a", names=("Vessmouth", "Harbour Board"))
SAME = replace(MET, article="b", hour=13)
NAMELESS = replace(MET, before="The two mayors", actor=None, recipient=None)
BUSY = EventArticle(
    article="a",
    before="Ada Quill",
    trigger="warned",
    after="of storms.",
    kind="THREATEN",
    recipient=None,
    rule="warn>threaten",
)


def clusters(articles: Sequence[EventArticle], *, before: Sequence[EventArticle] = ()) -> dict[str, str]:
    """Return the cluster of each article's event, both as article ids."""
    earlier, day = build_event_day(before, day=DAY - timedelta(1)), build_event_day(articles)
    table = event_cluster_member_rows(day, relate_events(day, [(earlier, relate_events(earlier, []))]))
    assert check_batch({"event_cluster_members": table}) == ()
    return {row["article_id"]: row["event_cluster_id"].removesuffix(":0") for row in table.to_pylist()}


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        (MET, SAME, True),
        (MET, replace(SAME, before="Ms Quill’s talks with Mr Toller", trigger="meeting", after="about lamps."), True),
        (MET, replace(SAME, actor="Bram Toller", recipient="Ada Quill", before="Bram Toller and Ada Quill"), True),
        (MET, replace(SAME, actor="A. Quill", recipient="Bram Töller"), True),
        (MET, replace(SAME, modality="planned"), False),
        (replace(MET, modality="planned"), replace(SAME, modality="hypothetical"), True),
        (MET, replace(SAME, kind="AID"), False),
        (MET, replace(SAME, recipient="Cora Weld"), False),
        (MET, replace(SAME, actor="Dov Marsh", recipient="Cora Weld"), False),
        (replace(MET, recipient=None), replace(SAME, actor="Dov Marsh", recipient=None), False),
        (replace(MET, when=date(2026, 2, 9)), replace(SAME, when=date(2026, 2, 10)), True),
        (replace(MET, when=date(2026, 2, 3)), replace(SAME, when=date(2026, 2, 10)), False),
        (replace(MET, when=date(2026, 2, 3), basis="publication"), replace(SAME, when=date(2026, 2, 10)), True),
        (replace(MET, kind="OTHER", rule="mend>lead"), replace(SAME, kind="OTHER", rule="mend>lead"), True),
        (replace(MET, kind="OTHER", rule="mend>lead"), replace(SAME, kind="OTHER", rule="sell>lead"), False),
        (replace(MET, place="Lisbon"), replace(SAME, place="Rabat", before="Old friends", after="again."), False),
        (NAMELESS, replace(NAMELESS, article="b", hour=13), True),
        (NAMELESS, replace(NAMELESS, article="b", hour=13, names=("Garrowdale", "Kirrin Bay Council")), False),
        (NAMELESS, replace(NAMELESS, article="b", hour=13, after="for a quick breakfast before sunrise."), False),
        (BUSY, replace(BUSY, article="b", hour=13, after="of another strike among pilots."), False),
        (
            replace(MET, actor=None, recipient=None, countries=("PRT", "MAR"), after="in the capital."),
            replace(SAME, actor="Ines Vale", recipient=None, countries=("PRT", "MAR"), before="Lisbon", after="again."),
            True,
        ),
    ],
)  # fmt: skip
def test_what_is_one_event(one: EventArticle, other: EventArticle, is_one: bool) -> None:
    """The same event has one type, time and place, and shared participants or the words of one story."""
    assert clusters([one, other]) == {"a": "a", "b": "a" if is_one else "b"}


def test_two_mentions_in_an_article_are_one_report() -> None:
    """Coreferent mentions of an article have one cluster, with the index of the first mention."""
    day = build_event_day([replace(MET, twice=True)])
    rows = event_cluster_member_rows(day, relate_events(day, [])).to_pylist()
    assert [row["event_cluster_id"] for row in rows] == ["a:0", "a:0"]


def test_cluster_is_named_by_its_earliest() -> None:
    """The id of a cluster is that of its earliest report, for any order of the rows, also across days."""
    articles = [replace(MET, article="c", hour=14), replace(MET, article="b", hour=13)]
    before = [replace(MET, article="z", day=-1)]

    assert clusters(articles) == clusters(articles[::-1]) == {"b": "b", "c": "b"}
    assert clusters(articles, before=before) == {"b": "z", "c": "z"}


def test_reports_have_duplicate_group_and_sentence() -> None:
    """A report has the duplicate group of its article and the sentence of the event."""
    day = build_event_day([MET, SAME], copies={"b": "a"})
    rows = event_cluster_member_rows(day, relate_events(day, [])).to_pylist()
    assert [(row["dup_group_id"], row["is_duplicate"]) for row in rows] == [("a", False), ("a", True)]
    assert {(row["sentence_start_char"], row["sentence_end_char"]) for row in rows} == {(0, len(MET.text))}


def test_a_busy_name_does_not_slow_it_down() -> None:
    """1,000 events of one person on one day are compared in seconds, and most stay separate."""
    press = Press(seed=4)
    articles = [replace(BUSY, article=f"{n:05}", after=f"{press.prose(20)}") for n in range(1000)]
    assert len(set(clusters(articles).values())) > 850
