"""Dates as pages write them."""

from datetime import UTC, datetime

import pytest

from pipeline.clean.moments import Moment, doubt_of, parse_moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2031-05-03T21:30:00+02:00", Moment(datetime(2031, 5, 3, 19, 30, tzinfo=UTC), "second", "+02:00")),
        ("2031-05-03T21:30:00.123Z", Moment(datetime(2031, 5, 3, 21, 30, tzinfo=UTC), "second", "+00:00")),
        ("2031-05-03 21:30 -0500", Moment(datetime(2031, 5, 4, 2, 30, tzinfo=UTC), "second", "-05:00")),
        (
            "2031-05-03T21:30:00",
            Moment(datetime(2031, 5, 3, tzinfo=UTC), "day", clock=datetime(2031, 5, 3, 21, 30, tzinfo=UTC)),
        ),
        ("2031-05-03T00:00:00+02:00", Moment(datetime(2031, 5, 3, tzinfo=UTC), "day", "+02:00")),
        ("2031-05-03", Moment(datetime(2031, 5, 3, tzinfo=UTC), "day")),
        ("20310503", Moment(datetime(2031, 5, 3, tzinfo=UTC), "day")),
        ("Sat, 03 May 2031 21:30:00 +0200", Moment(datetime(2031, 5, 3, 19, 30, tzinfo=UTC), "second", "+02:00")),
        ("3 May 2031", Moment(datetime(2031, 5, 3, tzinfo=UTC), "day")),
        ("May 3rd, 2031", Moment(datetime(2031, 5, 3, tzinfo=UTC), "day")),
        ("3.5.2031", Moment(datetime(2031, 5, 3, tzinfo=UTC), "day")),
        ("1935875400", Moment(datetime(2031, 5, 6, 23, 10, tzinfo=UTC), "second")),
        ("2031-02-31", None),
        ("2031-05-03T10:00:00+99:00", None),
        ("0000-01-01T00:00:00Z", None),
        ("2031-05-03T25:61:00Z", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_parse_moment(text: str, moment: Moment | None) -> None:
    """A date gives its moment in UTC, without a zone its day, and none where it cannot be."""
    assert parse_moment(text) == moment


@pytest.mark.parametrize(
    ("day", "doubt"),
    [
        (datetime(2031, 5, 4, tzinfo=UTC), None),
        (datetime(2031, 5, 5, 11, tzinfo=UTC), None),
        (datetime(2031, 5, 6, tzinfo=UTC), "date_in_future"),
        (datetime(1970, 1, 1, tzinfo=UTC), "date_implausible"),
        (datetime(1, 1, 1, tzinfo=UTC), "date_implausible"),
    ],
)
def test_doubt_of(day: datetime, doubt: str | None) -> None:
    """A date more than a day after the fetch, at the epoch or before 1800 is doubted by name."""
    assert doubt_of(Moment(day, "day"), fetched_at=datetime(2031, 5, 4, 12, tzinfo=UTC)) == doubt
