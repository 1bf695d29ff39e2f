"""Quote groups: the same quote, also if a publisher cut it; two speakers never share a group."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from newslake.pipeline.clusters import QUOTE_COLUMNS, cluster_quotes, quote_cluster_rows, quotes_of_day
from newslake.pipeline.tables import TABLE_SPECS, check_batch
from tests.planted import Press
from tests.processor_time import processor_seconds

NOON = datetime(2026, 2, 10, 12, tzinfo=UTC)
WHOLE = "The ferry will sail on Monday if the harbour board lets us repair the ramp before the tide turns"
CUT = "The ferry will sail on Monday if the harbour board lets us"
WITH_A_GAP = "The ferry will sail on Monday before the tide turns"
SCHEMA = pa.schema([TABLE_SPECS["quotes"].schema.field(name) for name in QUOTE_COLUMNS])


def quote(
    article: str, words: str, who: str | None = "Ada Quill", *, kind: str = "direct", hours: int = 0, said: str = ""
) -> dict[str, Any]:
    """Return a row of quotes; ``said`` is the text before the quotation marks of a mixed quote."""
    text = words if kind == "indirect" else f"{said}“{words}”"
    start, end = 100 + len(said) + 1, 100 + len(text) - 1
    return {
        "article_id": article,
        "revision_id": f"r-{article}",
        "published_at": NOON + timedelta(hours=hours),
        "quote_index": 0,
        "quote_type": kind,
        "quote_text": text,
        "start_char": 100,
        "quoted_spans": [] if kind == "indirect" else [{"start_char": start, "end_char": end}],
        "word_count": len(text.split()),
        "speaker_entity_id": None if who is None else f"id-{who}",
        "speaker_name": who,
    }


def groups(rows: Sequence[dict[str, Any]], *, before: Sequence[dict[str, Any]] = ()) -> dict[str, str]:
    """Return the group of each article's quote, both as article ids."""
    day, earlier = (quotes_of_day(pa.Table.from_pylist(list(each), schema=SCHEMA)) for each in (rows, before))
    table = quote_cluster_rows(day, cluster_quotes(day, [(earlier, cluster_quotes(earlier, []))]))
    assert check_batch({"quote_clusters": table}) == ()
    return {row["article_id"]: row["quote_cluster_id"].removesuffix(":0") for row in table.to_pylist()}


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        (quote("a", WHOLE), quote("b", WHOLE), True),
        (quote("a", WHOLE), quote("b", WHOLE.upper() + "!"), True),
        (quote("a", WHOLE), quote("b", CUT), True),
        (quote("a", CUT), quote("b", WHOLE), True),
        (quote("a", WHOLE), quote("b", WITH_A_GAP), True),
        (quote("a", WHOLE), quote("b", CUT, kind="mixed", said="she said that "), True),
        (quote("a", WHOLE), quote("b", WHOLE, None), True),
        (quote("a", WHOLE), quote("b", CUT, "Quill"), True),
        (quote("a", WHOLE), quote("b", CUT, "Áda Quil-Marsh"), False),
        (quote("a", WHOLE), quote("b", WHOLE, "Bram Toller"), False),
        (quote("a", "Not now"), quote("b", "Not now"), True),
        (quote("a", "Not now", None), quote("b", "Not now", None), False),
        (quote("a", "Not now"), quote("b", "Not now", None), False),
        (quote("a", "repair the ramp"), quote("b", WHOLE), True),
        (quote("a", "repair the ramp", None), quote("b", WHOLE), False),
        (quote("a", "repair the mast"), quote("b", WHOLE), False),
        (quote("a", WHOLE), quote("b", WHOLE, kind="indirect"), False),
        (quote("a", CUT, kind="indirect"), quote("b", CUT, kind="indirect"), True),
        (
            quote("a", "not now", None, kind="mixed", said="the reply was a firm "),
            quote("b", "not now", None, kind="mixed", said="the reply was a firm "),
            True,
        ),
        (quote("a", CUT, kind="indirect"), quote("b", WHOLE, kind="indirect"), False),
        (quote("a", WHOLE), quote("b", "The ferry will sail on Friday with three hundred new lamps and a band"), False),
    ],
)
def test_which_quotes_are_the_same(one: dict[str, Any], other: dict[str, Any], is_one: bool) -> None:
    """Equal words are the same quote, and so is a part that is long enough; few words need the same speaker."""
    assert groups([one, other]) == {"a": "a", "b": "a" if is_one else "b"}


def test_group_is_named_by_its_earliest() -> None:
    """The id of a group is that of its earliest quote, for any order of the rows."""
    rows = [quote("a", CUT, hours=2), quote("b", WHOLE, hours=1), quote("c", WHOLE)]

    assert groups(rows) == groups(rows[::-1]) == {"a": "c", "b": "c", "c": "c"}


def test_group_grows_through_repetitions() -> None:
    """Two parts without a shared word are in one group if an earlier quote has both."""
    first, second = CUT, "us repair the ramp before the tide turns"

    assert groups([quote("b", WHOLE, hours=1), quote("c", second, hours=2)], before=[quote("a", first)]) == {
        "b": "a",
        "c": "a",
    }


def test_two_groups_never_merge() -> None:
    """A later quote of the whole joins the earlier group; the other group stays, so no id changes after its day."""
    parts = [quote("a", CUT), quote("b", "us repair the ramp before the tide turns", hours=1)]

    assert groups([*parts, quote("c", WHOLE, hours=2)]) == {"a": "a", "b": "b", "c": "a"}


def test_empty_day_has_no_rows() -> None:
    """A day without quotes has an empty table."""
    assert groups([]) == {}


def test_common_phrases_do_not_slow_it_down() -> None:
    """2,000 people with one short sentence, and 2,000 wordings around one phrase, are compared in seconds."""
    names = Press(seed=3).words(4000)
    same = [quote(f"s{n:05}", "No comment", f"{names[n]} {names[-n]}") for n in range(2000)]
    alike = [quote(f"t{n:05}", f"our hearts go out to the family of number {n} tonight", None) for n in range(2000)]
    found: dict[str, object] = {}

    assert processor_seconds(lambda: found.update(groups([*same, *alike]))) < 20
    assert len(set(found.values())) > 3000
