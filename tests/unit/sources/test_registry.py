"""Every kind of source is complete."""

from datetime import date, timedelta
from pathlib import Path
from typing import get_args

import pytest

from newslake.pipeline.errors import ConfigError
from newslake.pipeline.model import Source
from newslake.pipeline.model.source import KIND_OPTIONS, SourceKind
from newslake.pipeline.settings import load_sources
from newslake.pipeline.sources import discover, listable_days
from newslake.pipeline.sources.normalize import listed_date
from newslake.pipeline.sources.registry import SOURCE_ADAPTERS
from tests.faults.hostile import NOW

# Which days a source promises.

PROMISED = {
    "feed": [0, 1],
    "news_sitemap": [0, 1],
    "sitemap_archive": [1, 900],
    "cdx": [1, 900],
    "cc_news": [0, 1, 900],
    "folder": [0, 1, 900],
    "inbox": [0, 1, 900],
}


def test_every_kind_is_tested():
    """Each kind of source has its promised days here."""
    assert PROMISED.keys() == set(get_args(SourceKind)), "add the kind and which days it promises"


@pytest.mark.parametrize(("kind", "promised"), PROMISED.items())
def test_days_promised(kind, promised):
    """A feed and a news sitemap promise two days, files any day."""
    days = listable_days(Source(key="a", kind=kind, location="x"), now=NOW)

    assert [ago for ago in (0, 1, 900) if NOW.date() - timedelta(days=ago) in days] == promised
    assert days.note


def test_no_listing_promises_tomorrow():
    """Online kinds do not promise future days."""
    days = listable_days(Source(key="a", kind="feed", location="x"), now=NOW)

    assert date(2026, 3, 3) not in days


@pytest.mark.parametrize(
    "text", ["", "soon", "0001-01-01", "0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00", "2026-13-01"]
)
def test_impossible_dates_are_null(text):
    """An impossible or implausible date is null, never a guess and never a crash."""
    assert listed_date(text, now=NOW) == (None, None)


ALL = frozenset(get_args(SourceKind))


@pytest.mark.parametrize(
    ("kinds", "where"),
    [
        (
            SOURCE_ADAPTERS.keys(),
            "SOURCE_ADAPTERS in pipeline/sources/registry.py: its reader and the days that it promises",
        ),
        (KIND_OPTIONS.keys(), "KIND_OPTIONS in pipeline/model/source.py: the keys that its entry takes"),
    ],
    ids=["SOURCE_ADAPTERS", "KIND_OPTIONS"],
)
def test_kind_is_in_each_mapping(kinds, where):
    """Each kind, online or not, is in both mappings, and they have no other kinds."""
    assert set(kinds) == ALL, f"put it into {where}"


def _entry(folder: Path, kind: str, **keys: str) -> Source:
    lines = "".join(f'{name} = "{value}"\n' for name, value in keys.items())
    (folder / "sources.toml").write_text(f'[sources.a]\nkind = "{kind}"\n{lines}')
    return load_sources(folder / "sources.toml").sources[0]


@pytest.mark.parametrize("kind", sorted(ALL))
def test_entry_has_one_place_of_its_kind(tmp_path, kind):
    """An entry has one place of its kind, url or path; another one, both or neither is an error with its key."""
    given = {"url": "s3://bucket/x" if kind == "inbox" else "http://a.example/x", "path": "x"}
    for name, value in given.items():
        if name in KIND_OPTIONS[kind].place:
            source = _entry(tmp_path, kind, **{name: value})
            assert source.is_online == (name == "url" and kind != "inbox")
            assert (source.location == value) == (name == "url")
        else:
            with pytest.raises(ConfigError, match=f"sources.a: kind '{kind}' needs"):
                _entry(tmp_path, kind, **{name: value})
    for wrong in ({}, given):
        with pytest.raises(ConfigError, match=f"sources.a: kind '{kind}' needs"):
            _entry(tmp_path, kind, **wrong)


@pytest.mark.parametrize(
    ("kind", "url"),
    [("inbox", "https://a.example/x"), ("inbox", "S3://a/b"), ("feed", "s3://a/b"), ("cdx", "s3://a/*")],
)
def test_only_an_inbox_is_in_a_bucket(tmp_path, kind, url):
    """A URL of the web is no inbox, and a bucket is nothing else."""
    with pytest.raises(ConfigError, match="must start with"):
        _entry(tmp_path, kind, url=url)


@pytest.mark.parametrize("kind", [kind for kind in sorted(ALL) if KIND_OPTIONS[kind].place == ("url",)])
def test_online_kind_needs_a_fetcher(kind):
    """An online kind without a fetcher is an error with the source's key."""
    source = Source(key="a", kind=kind, location="http://a.example/")

    with pytest.raises(ConfigError, match="'a' is online and needs a fetcher"):
        discover(source, day=NOW.date(), fetcher=None, validators=None, now=lambda: NOW)
