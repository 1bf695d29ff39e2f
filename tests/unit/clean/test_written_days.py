"""Days as people write them."""

from datetime import date

import pytest

from pipeline.clean.written_days import written_day

MAY_3, MAY_30 = date(2031, 5, 3), date(2031, 5, 30)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Saturday, 3 May 2031", MAY_3),
        ("May 3rd, 2031 at noon", MAY_3),
        ("Veröffentlicht am 3. Mai 2031", MAY_3),
        ("le 3 mai 2031 à 8h", MAY_3),
        ("3 de mayo de 2031", MAY_3),
        ("3 de maio de 2031", MAY_3),
        ("sabato 3 maggio 2031", MAY_3),
        ("3 mei 2031", MAY_3),
        ("3. toukokuuta 2031", MAY_3),
        ("3 мая 2031 г.", MAY_3),
        ("3 травня 2031", MAY_3),
        ("3 Mayıs 2031", MAY_3),
        ("3 Μαΐου 2031", MAY_3),
        ("2031年5月3日", MAY_3),
        ("2031년 5월 3일", MAY_3),
        ("2031/5/3", MAY_3),
        ("30/05/2031", MAY_30),
        ("05/30/2031", MAY_30),
        ("3.5.2031", MAY_3),
        ("31.2.2031", None),
        ("3 Morning 2031", None),
        ("version 1.3.5.2031", None),
        ("", None),
    ],
)
def test_written_day(text: str, day: date | None) -> None:
    """A day is read in many languages; none is read where none can be."""
    assert written_day(text) == day


def test_month_first_is_asked_for() -> None:
    """03/05/2031 is in May, where the page is American in March."""
    assert written_day("03/05/2031") == MAY_3
    assert written_day("03/05/2031", is_month_first=True) == date(2031, 3, 5)
