"""What a site prints under every article does not make them copies."""

from typing import Any

import pyarrow as pa

from pipeline.clusters import drop_site_boilerplate
from tests.planted import Press, with_sketches

PRESS = Press(seed=5)
FOOTER = PRESS.prose(60)


def kept(*articles: tuple[str | None, str, str]) -> list[int]:
    """Return how many shingles are left of articles given by domain, content and text."""
    rows: list[dict[str, Any]] = [{"domain": d, "content_hash": c, "text": t} for d, c, t in articles]
    schema = pa.schema([(name, pa.string()) for name in ("domain", "content_hash", "text")])
    table = drop_site_boilerplate(with_sketches(pa.Table.from_pylist(rows, schema=schema)))
    assert all({*row["own"]} <= {*row["shingles"]} for row in table.to_pylist())
    return [len(row["shingles"]) for row in table.to_pylist()]


def texts(count: int) -> list[str]:
    return [f"{PRESS.prose(40)}\n\n{FOOTER}" for _ in range(count)]


def test_a_footer_of_a_site_is_left_out() -> None:
    """Of articles of one site that end alike, what is their own is left, and the stretch that leads over."""
    assert kept(*(("harbour.example", f"c{n}", text) for n, text in enumerate(texts(5)))) == [40] * 5


def test_few_articles_or_many_sites_have_no_furniture() -> None:
    """Four articles are too few to tell; sites are looked at apart; articles without a site stay whole."""
    whole = [98] * 4
    assert kept(*(("harbour.example", f"c{n}", text) for n, text in enumerate(texts(4)))) == whole
    assert kept(*((f"{n}.example", f"c{n}", text) for n, text in enumerate(texts(8)))) == whole * 2
    assert kept(*((None, f"c{n}", text) for n, text in enumerate(texts(8)))) == whole * 2


def test_one_content_under_many_addresses_is_no_furniture() -> None:
    """A story that a site prints eight times is its text once."""
    story = PRESS.prose(40)
    assert kept(*(("harbour.example", "same", story) for _ in range(8))) == [38] * 8


def test_no_articles() -> None:
    """A day without articles is one."""
    assert kept() == []
