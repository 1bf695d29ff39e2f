"""Limits of a source: which URLs it takes, and how many pages per news day."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from newslake.pipeline.errors import ConfigError
from newslake.pipeline.jobs.ingest import ingest
from newslake.pipeline.jobs.push import push_urls
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings, load_sources
from newslake.pipeline.show.provenance import trace_provenance
from tests.faults.hostile import Hostile, hostile_server

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PAGE = b"<html><head><title>Ferry</title></head><body><p>The ferry of Tarnwick sails again.</p></body></html>"
PATHS = ("/news/a", "/news/b", "/sport/c", "/news/live/d")


def _open(folder: Path, server: Hostile, *lines: str, now: datetime = NOON) -> Workspace:
    items = "".join(f"<item><title>t</title><link>{server.url(path)}</link></item>" for path in PATHS)
    body = f"<rss version='2.0'><channel><title>f</title>{items}</channel></rss>".encode()
    server.says("/feed", 200, body, Content_Type="application/rss+xml")
    for path in PATHS:
        server.says(path, 200, PAGE, Content_Type="text/html")
    (folder / "sources.toml").write_text(
        f'private_hosts = ["{server.host}"]\n[sources.post]\nkind = "feed"\nurl = "{server.url("/feed")}"\n'
        + "\n".join(lines)
    )
    return Workspace(
        Settings.load(
            data_dir=folder,
            sources_file=folder / "sources.toml",
            frozen_now=now,
            durability="process",
            host_interval_seconds=0,
            fetch_attempts=1,
            retry_after_max_seconds=0,
        )
    )


def _reasons(space: Workspace, server: Hostile, *, name: str = "r") -> dict[str, str]:
    ingest(space, source_key="post", day=NOON.date(), run_id=name)
    rows = [row for row in space.lake.log.read("outcomes").to_pylist() if row["run_id"] == name]
    return {row["url"].removeprefix(server.url("")): row["reason"] for row in rows}


@pytest.mark.parametrize(
    ("lines", "taken"),
    [
        (['include = ["/news/"]'], {"/news/a", "/news/b", "/news/live/d"}),
        (['exclude = ["/live/", "/sport/"]'], {"/news/a", "/news/b"}),
        (['include = ["/news/"]', 'exclude = ["/live/"]'], {"/news/a", "/news/b"}),
        (['include = ["/news/[ab]$", "/sport/"]'], {"/news/a", "/news/b", "/sport/c"}),
        ([], set(PATHS)),
    ],
)
def test_patterns_select_pages(tmp_path: Path, lines: list[str], taken: set[str]) -> None:
    """A page is taken if a pattern of include is in its URL and none of exclude; the others are not requested."""
    with hostile_server() as server:
        reasons = _reasons(_open(tmp_path, server, *lines), server)

        assert {path for path, reason in reasons.items() if reason == "archived"} == taken
        assert {reason for path, reason in reasons.items() if path not in taken} <= {"excluded_url"}
        assert [server.seen[path] for path in PATHS] == [path in taken for path in PATHS]


def test_why_names_the_pattern(tmp_path: Path) -> None:
    """The outcome of a page that is not taken names the pattern and the key."""
    with hostile_server() as server:
        space = _open(tmp_path, server, 'exclude = ["/sport/"]')
        _reasons(space, server)
        traced = trace_provenance(space, server.url("/sport/c"))

    [outcome] = [row for row in space.lake.log.read("outcomes").to_pylist() if row["url"].endswith("/sport/c")]
    assert (outcome["outcome"], outcome["detail"]) == (
        "rejected",
        "its URL matches '/sport/' of exclude in sources.toml",
    )
    assert "excluded_url" in str(traced)


def test_day_has_a_maximum_of_pages(tmp_path: Path) -> None:
    """Pages beyond max_pages_per_day are rejected, also by a later run; archived pages keep their place."""
    with hostile_server() as server:
        space = _open(tmp_path, server, "max_pages_per_day = 2")
        first, second = _reasons(space, server), _reasons(space, server, name="s")

    assert list(first.values()) == ["archived", "archived", "day_limit", "day_limit"]
    assert list(second.values()) == ["already_fetched", "already_fetched", "day_limit", "day_limit"]


def _outcomes(space: Workspace, name: str, *, key: str = "post") -> dict[str, tuple[str, str]]:
    ingest(space, source_key=key, day=NOON.date(), run_id=name)
    rows = [row for row in space.lake.log.read("outcomes").to_pylist() if row["run_id"] == name]
    return {"/" + row["url"].split("/", 3)[3]: (row["outcome"], row["reason"]) for row in rows}


def test_excluded_page_of_the_archive_keeps_its_status(tmp_path: Path) -> None:
    """A pattern that is new leaves the status of an archived page alone: it is not checked, until the pattern goes."""
    with hostile_server() as server:
        _outcomes(_open(tmp_path, server), "1")
        refused = _open(tmp_path, server, 'exclude = ["/sport/"]')
        assert _outcomes(refused, "2")["/sport/c"] == ("not_checked", "excluded_url")
        state = refused.fetch_state.seen(server.url("/sport/c"))
        assert state is not None
        assert (state.last_outcome, state.next_try_at) == ("archived", None)
        assert _outcomes(_open(tmp_path, server), "3")["/sport/c"] == ("not_checked", "already_fetched")
        state = refused.fetch_state.seen(server.url("/sport/c"))
        assert state is not None
        assert state.next_try_at is not None


@pytest.mark.parametrize("limit", ['exclude = ["/news/a"]', "max_pages_per_day = 3"])
def test_waiting_page_is_free_after_a_limit_goes(tmp_path: Path, limit: str) -> None:
    """A waiting page that a limit refuses when it is due is fetched by the next run that has no limit."""
    with hostile_server() as server:
        first = _open(tmp_path, server)
        server.says("/news/a", 503)
        assert _outcomes(first, "1")["/news/a"] == ("pending", "http_503")
        late = NOON + timedelta(hours=2)
        refused = _outcomes(_open(tmp_path, server, limit, now=late), "2")["/news/a"]
        assert refused in {("rejected", "excluded_url"), ("rejected", "day_limit")}
        assert _outcomes(_open(tmp_path, server, now=late), "3")["/news/a"] == ("pending", "archived")


def test_limit_counts_no_page_of_another_source(tmp_path: Path) -> None:
    """max_pages_per_day refuses no recheck of a page that another source archived: it costs the day no place."""
    with hostile_server() as server:
        lines = ("max_pages_per_day = 1", '[sources.door]\nkind = "inbox"\npath = "in"')
        space = _open(tmp_path, server, *lines)
        push_urls(space, [server.url("/sport/c")])
        _outcomes(space, "1", key="door")
        found = _outcomes(_open(tmp_path, server, *lines, now=NOON + timedelta(hours=2)), "2")

    assert found["/news/a"] == ("pending", "archived")
    assert found["/news/b"] == ("rejected", "day_limit")
    assert found["/sport/c"] == ("unchanged", "identical_payload")


def test_limit_is_per_news_day(tmp_path: Path) -> None:
    """Local pages count on the day of their publication; a page without a URL is not refused by a pattern."""
    (tmp_path / "in").mkdir()
    lines = [f'{{"text": "Ferry {n} sails.", "published_at": "2026-02-0{1 + n // 2}"}}' for n in range(4)]
    (tmp_path / "in" / "a.jsonl").write_text("\n".join(lines))
    (tmp_path / "sources.toml").write_text(
        '[sources.desk]\nkind = "folder"\npath = "in"\nmax_pages_per_day = 1\ninclude = ["x"]\n'
    )
    space = Workspace(Settings.load(data_dir=tmp_path, sources_file=tmp_path / "sources.toml", frozen_now=NOON))
    report = ingest(space, source_key="desk", day=NOON.date(), run_id="r").report

    assert dict(report.outcomes)["rejected"] == 2
    assert report.days == (date(2026, 2, 1), date(2026, 2, 2))


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('include = ["("]', r"sources\.post\.include\.0: .*not a valid regular expression"),
        ('exclude = ["a", "[b"]', r"sources\.post\.exclude\.1: .*not a valid regular expression"),
        ('exclude = "a"', r"sources\.post\.exclude"),
        ('include = [""]', r"sources\.post\.include\.0"),
        ("max_pages_per_day = 0", r"sources\.post\.max_pages_per_day"),
        ("max_pages_a_day = 5", r"max_pages_a_day: unknown key; .*max_pages_per_day"),
    ],
)
def test_wrong_limit_is_named(tmp_path: Path, line: str, key: str) -> None:
    """A wrong limit stops a run before it starts, with the key."""
    (tmp_path / "sources.toml").write_text(
        f'[sources.post]\nkind = "feed"\nurl = "https://post.example/feed"\n{line}\n'
    )

    with pytest.raises(ConfigError, match=key):
        load_sources(tmp_path / "sources.toml")
