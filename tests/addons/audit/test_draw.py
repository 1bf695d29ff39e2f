"""Draws: how many rows each stratum has, and their record."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newslake.pipeline.addons.audit.draw import AuditDraw, allocate
from newslake.pipeline.errors import ConfigError
from tests.addons.audit.invented import IDS, draw

SIZES = st.dictionaries(st.text(max_size=3), st.integers(1, 5000), min_size=1, max_size=12)


@given(SIZES, st.integers(1, 400))
def test_allocation_has_every_stratum(sizes: dict[str, int], count: int) -> None:
    """Each stratum has two rows or all, none more than it has, and the sum is the requested one; else it is refused."""
    least = sum(min(size, 2) for size in sizes.values())
    if len(sizes) > 1 and count < least:
        with pytest.raises(ConfigError, match=f"{len(sizes)} strata need at least {least} rows; raise -n"):
            allocate(sizes, count)
        return
    found = allocate(sizes, count)
    assert all(min(sizes[name], 2, count) <= rows <= sizes[name] for name, rows in found.items())
    assert sum(found.values()) == min(max(count, least), sum(sizes.values()))


def test_larger_stratum_has_more_rows_but_less_than_its_share() -> None:
    """Allocation follows the root of the size: a stratum of 900 rows has three times the rows of one of 100."""
    assert allocate({"rare": 100, "frequent": 900}, 40) == {"rare": 10, "frequent": 30}


def test_record_of_a_draw_is_read_as_it_was_written() -> None:
    """A draw survives its record, and one without the rows of an article keeps the sizes of its strata."""
    drawn = draw(strata={"a": 60, "=b": 40})
    assert AuditDraw.from_json(drawn.to_json(), key="draw.json") == drawn
    left = drawn.without(frozenset(IDS[:3]))
    assert [row.article_id for row in left.rows] == list(IDS[3:])
    assert left.strata == drawn.strata


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"draw_id": 1}', "null"])
def test_damaged_record_is_named(text: str) -> None:
    """A damaged record names the file, and what to do."""
    with pytest.raises(ConfigError, match=r"draw\.json is not the record of a draw .*restore it"):
        AuditDraw.from_json(text, key="draw.json")
