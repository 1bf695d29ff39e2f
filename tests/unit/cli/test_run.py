"""`newslake plan` and `newslake run` over a range of days, as a user sees them."""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from newslake.pipeline.cli.progress import PageProgress
from newslake.pipeline.cli.run import _RunCommand
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings
from tests.unit.cli.test_commands import called

# `newslake push`: URLs go into an inbox as one complete file, or not at all.

SOURCES = """
[sources.feed]
kind = "feed"
url = "http://feed.example/rss"
[sources.door]
kind = "inbox"
path = "in"
[sources.gate]
kind = "inbox"
path = "other"
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a feed and two inboxes in its sources.toml."""
    (tmp_path / "sources.toml").write_text(SOURCES)
    return tmp_path


def test_urls_become_one_file_of_the_first_inbox(place: Path) -> None:
    """The file name is printed; the file has one URL per line, and the inbox has no other file."""
    done = called("push", "http://a.example/1", "https://b.example/2#top", cwd=place)
    (file,) = (place / "in").iterdir()
    assert (done.returncode, done.stdout.strip()) == (0, str(Path("in") / file.name))
    assert (file.suffix, file.read_text()) == (".urls", "http://a.example/1\nhttps://b.example/2\n")


def test_stdin_and_another_inbox(place: Path) -> None:
    """A dash reads standard input, without comments and empty lines; --source names the inbox."""
    given = "# to read\n\nhttp://a.example/1\nhttp://a.example/2\n"
    done = called("push", "-", "--source", "gate", "--json", cwd=place, given=given)
    printed = json.loads(done.stdout)
    assert printed["urls"] == 2
    assert (place / printed["file"]).read_text() == "http://a.example/1\nhttp://a.example/2\n"
    assert not (place / "in").exists()


def test_refetch_writes_lines_with_the_time(place: Path) -> None:
    """With --refetch, each line has the URL and the time of the push, after which a fetch answers it."""
    printed = json.loads(called("push", "http://a.example/1", "--refetch", "--json", cwd=place).stdout)
    [line] = map(json.loads, (place / printed["file"]).read_text().splitlines())
    assert (printed["archived"], printed["is_refetch"]) == (0, True)
    assert (line["url"], line["refetch_after"].endswith("+00:00")) == ("http://a.example/1", True)


@pytest.mark.parametrize(
    ("args", "named"),
    [
        (("http://a.example/1", "ftp://a.example/2"), "'ftp://a.example/2'"),
        (("courier",), "'courier'"),
        (("-",), "no URL"),
        (("http://a.example/1", "--source", "feed"), "'feed' is of kind 'feed'"),
        (("http://a.example/1", "--source", "dor"), "'dor'"),
    ],
)
def test_invalid_push_writes_nothing(place: Path, args: tuple[str, ...], named: str) -> None:
    """An invalid URL, or a source that is not an inbox, is named, and no file is written."""
    done = called("push", *args, cwd=place, given="")
    assert (done.returncode, named in done.stderr) == (2, True)
    assert list(place.iterdir()) == [place / "sources.toml"]


def test_without_an_inbox_nothing_is_pushed(place: Path) -> None:
    """A sources.toml without an inbox is reported, with the command that adds one; then the push is done."""
    (place / "sources.toml").write_text('[sources.feed]\nkind = "feed"\nurl = "http://feed.example/rss"\n')
    done = called("push", "http://a.example/1", cwd=place)
    said = " ".join(done.stderr.split())
    assert (done.returncode, "no source of kind 'inbox'" in said) == (2, True)
    assert said.endswith("newslake sources add data/inbox --kind inbox"), said
    assert called("sources", "add", "data/inbox", "--kind", "inbox", cwd=place).returncode == 0
    assert called("push", "http://a.example/1", cwd=place).stdout.startswith("data/inbox/push-")


# No events: a day whose events are those of another day cannot be written without that day.
STORY = (
    "The pier of Tarnwick is long and old, and the house of Councillor Ada Brandt is near its lamps and its cafe. " * 4
)
DAYS = ("2026-02-01", "2026-02-02", "2026-02-05")


def fill(folder: Path, days: Sequence[str] = DAYS) -> None:
    """Write a folder source with one page per day, and its sources.toml."""
    (folder / "year").mkdir()
    (folder / "sources.toml").write_text('[sources.year]\nkind = "folder"\npath = "year"\n')
    lines = (
        {
            "url": f"https://post.example/{day}",
            "title": f"Pier, {day}",
            "published_at": day,
            "text": f"{STORY}\n\n{day}",
        }
        for day in days
    )
    (folder / "year" / "pages.jsonl").write_text("\n".join(map(json.dumps, lines)))


def planned(folder: Path, *more: str) -> dict:
    """Return the plan of that week as JSON."""
    done = called("plan", "--from", "2026-02-01", "--to", "2026-02-07", "--json", *more, cwd=folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.model
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_backfill_without_pages_is_an_error(place: Path, more: list[str]) -> None:
    """`newslake spark backfill` for days without pages says so before Spark starts, also with --json."""
    done = called("spark", "backfill", "--from", "2026-02-01", "--to", "2026-02-07", *more, cwd=place)
    assert (done.returncode, done.stdout) == (2, "")
    assert "the archive has no page of 2026-02-01 to 2026-02-07; see `newslake plan`" in " ".join(done.stderr.split())


@pytest.mark.model
def test_range_is_planned_run_and_planned_again(tmp_path: Path) -> None:
    """A plan before, a run over the range, a plan after: files, then rows, then nothing to do and an estimate."""
    fill(tmp_path)
    before = planned(tmp_path)
    assert ([source["files_waiting"] for source in before["sources"]], before["days"]) == ([1], [])
    assert [estimate["minutes"] for estimate in before["estimates"]] == [None, None]

    ran = called("run", "--from", "2026-02-01", "--to", "2026-02-03", "--json", cwd=tmp_path)
    days = json.loads(ran.stdout)["days"]
    assert [day["ingest"]["work"] for day in days] == [{"fetched": 0}] * 3
    extracted = [run["days"] for day in days for run in day["extract"]]
    assert extracted == [["2026-02-01"], ["2026-02-05"], ["2026-02-02"], ["2026-02-03"]], (
        "oldest first, other days that got pages, each once"
    )
    assert all(run["seconds"] > 0 for day in days for run in day["extract"])

    again = called("run", "--from", "2026-02-01", "--to", "2026-02-03", cwd=tmp_path)
    assert (again.returncode, again.stdout.startswith("2026-02-01 to 2026-02-03: nothing new")) == (0, True), (
        again.stdout
    )

    after = planned(tmp_path, "--source", "year")
    assert [day["news_day"] for day in after["days"]] == list(DAYS)
    assert (after["totals"]["kept"], after["totals"]["to_process"], after["totals"]["not_yet_known"]) == (3, 0, None)
    assert all(estimate["minutes"] is not None for estimate in after["estimates"])
    assert after["next"][0] == "newslake run --from 2026-02-01 --to 2026-02-07 --source year"


@pytest.mark.model
def test_nothing_waits_after_a_run(tmp_path: Path) -> None:
    """Pages that two files have in turn do not wait: their bytes are archived, and their articles are current."""
    fill(tmp_path)
    file = tmp_path / "year" / "pages.jsonl"
    pages = file.read_text().replace("}", ', "fetched_at": "2026-02-06T08:00:00Z"}')
    file.write_text(pages)
    assert called("run", cwd=tmp_path).returncode == 0
    (tmp_path / "wire.jsonl").write_text(pages.replace("Tarnwick", "Oldhaven").replace("T08:00", "T09:00"))
    with (tmp_path / "sources.toml").open("a") as entries:
        entries.write('[sources.wire]\nkind = "folder"\npath = "wire.jsonl"\n')
    assert called("run", cwd=tmp_path).returncode == 0
    file.write_text(pages.replace("Tarnwick", "Port Tarnwick", 1))

    ran = called("run", cwd=tmp_path)

    assert (ran.returncode, "pending" in ran.stdout) == (0, False), ran.stdout


@pytest.mark.model
def test_slices_of_a_folder_give_the_rows_of_one_piece(tmp_path: Path) -> None:
    """With a slice per line, a run goes on until the folder is through; rows and summary are those of one piece."""
    printed, rows = [], []
    for seconds in ("0", "1000"):
        folder = tmp_path / seconds
        folder.mkdir()
        fill(folder)
        env = {"NEWS_FILE_SLICE_SECONDS": seconds}
        done = called("run", "--json", cwd=folder, **env)
        assert (done.returncode, "reading on in year" in done.stderr) == (0, seconds == "0"), done.stderr
        printed.append(json.loads(done.stdout)["ingest"]["discovered"])
        query = "SELECT url, text, payload_digest, (SELECT count(*) FROM outcomes) FROM articles ORDER BY url"
        rows.append(json.loads(called("sql", query, "--json", cwd=folder).stdout))
        assert "nothing new" in called("run", cwd=folder, **env).stdout
    assert printed == [3, 3]
    assert rows[0] == rows[1]


@pytest.mark.model
def test_archive_has_the_label_of_its_days(tmp_path: Path) -> None:
    """A run without a day that finds pages of other days only begins with those days; a day that is named stays."""
    fill(tmp_path)
    first = called("run", cwd=tmp_path)
    again = called("run", "--day", "2026-03-02", cwd=tmp_path)
    assert first.stdout.startswith("2026-02-01 to 2026-02-05: 3 new pages, 3 articles committed"), first.stdout
    assert again.stdout.startswith("2026-03-02: nothing new"), again.stdout


@pytest.mark.model
def test_progress_of_many_days_ends_with_its_total(tmp_path: Path) -> None:
    """The pages of many days are counted together, with other pages of these days; a rejected page is done, too."""
    (tmp_path / "sources.toml").write_text('[sources.year]\nkind = "folder"\npath = "pages.jsonl"\n')
    lines = [
        {"url": f"https://post.example/{day}", "title": f"Pier {day}", "published_at": f"2026-02-0{day}", "text": text}
        for day, text in enumerate([f"{STORY}\n\nDay {day}." for day in range(7)] + ["Short."], start=1)
    ]
    (tmp_path / "pages.jsonl").write_text("\n".join(map(json.dumps, lines)))
    space = Workspace(Settings.load(data_dir=tmp_path / "data", sources_file=tmp_path / "sources.toml"))
    shown: list[str] = []
    job = _RunCommand(space, PageProgress(shown.append, seconds=0), ExitStack())

    list(job.run_days([space.settings.now().date()], ["year"], to_come=()))

    counts = [line for line in shown if line.startswith("processing ")]
    assert counts[0] == "processing 8 pages of 9 days"
    assert counts[-1].startswith("processing 8 pages of 9 days: 8 of 8 pages")


@pytest.mark.model
def test_lost_day_does_not_stop_the_others(tmp_path: Path) -> None:
    """If a month has lost its manifest, the command processes the other days of the range, then fails with its name."""
    days = ("2026-02-28", "2026-03-01")
    fill(tmp_path, days)
    assert called("run", "--from", days[0], "--to", days[1], cwd=tmp_path).returncode == 0
    manifest = max((tmp_path / "data/lake/_state/months/2026-02").iterdir())
    manifest.unlink()
    pages = (tmp_path / "year" / "pages.jsonl").read_text()
    (tmp_path / "year" / "more.jsonl").write_text(pages.replace("post.example", "other.example"))

    ran = called("run", "--from", days[0], "--to", days[1], cwd=tmp_path)

    assert ran.returncode == 1
    # The second day is written, but its clusters need the day before.
    failed = [line for line in ran.stderr.splitlines() if f"{manifest.name} is missing; " in line]
    assert [line.partition("news day ")[2][:10] for line in failed] == list(days), ran.stderr
    assert called("lake", "repair", "--drop-damaged", cwd=tmp_path).returncode == 0
    found = called("sql", "select url from articles order by url", "--json", cwd=tmp_path)
    assert f"https://other.example/{days[1]}" in {row["url"] for row in json.loads(found.stdout)}


def table_files(folder: Path) -> dict[str, bytes]:
    tables = folder / "data/lake/tables"
    return {path.relative_to(tables).as_posix(): path.read_bytes() for path in tables.rglob("*.parquet")}


@pytest.mark.model
def test_days_of_a_closed_month_are_committed_together(tmp_path: Path) -> None:
    """A range in a closed month writes its files once; each day has its own run, rows and outcomes."""
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        fill(folder)
        pages = folder / "year" / "pages.jsonl"
        pages.write_text(pages.read_text().replace("}", ', "fetched_at": "2026-02-06T08:00:00Z"}'))
    assert called("run", "--from", DAYS[0], "--to", DAYS[2], cwd=first).returncode == 0
    assert called("lake", "compact", "2026-02", cwd=first).returncode == 0
    more = (second / "year" / "pages.jsonl").read_text().replace("post.example", "other.example")
    for folder in (first, second):
        (folder / "year" / "more.jsonl").write_text(more.replace("Tarnwick", "Oldhaven"))
    objects = first / "data/lake/_state/data/articles/2026-02"
    before = set(objects.iterdir())

    ran = called("run", "--from", DAYS[0], "--to", DAYS[2], "--json", cwd=first)

    assert ran.returncode == 0, ran.stderr
    assert ran.stderr.count("committing") == 1
    assert "committing 2026-02-01 to 2026-02-05" in ran.stderr
    assert len(set(objects.iterdir()) - before) == 1
    runs = [(run["days"], run["rows"]["articles"]) for day in json.loads(ran.stdout)["days"] for run in day["extract"]]
    assert runs == [([day], int(day in DAYS)) for day in (f"2026-02-0{number}" for number in range(1, 6))]
    counted = called(
        "sql",
        "select news_day, count(*) n, count(distinct run_id) runs from outcomes where outcome = 'kept' and stage = "
        "'commit' group by all order by all",
        "--json",
        cwd=first,
    )
    assert [tuple(row.values()) for row in json.loads(counted.stdout)] == [(day, 2, 2) for day in DAYS]
    assert called("run", "--from", DAYS[0], "--to", DAYS[2], cwd=second).returncode == 0
    assert called("lake", "compact", "2026-02", cwd=second).returncode == 0
    assert table_files(first) == table_files(second)
    assert called("lake", "verify", "--deep", cwd=first).returncode == 0


def test_range_without_pages_is_one_row(tmp_path: Path) -> None:
    """Days without known pages are one row, and the plan says what it cannot count."""
    fill(tmp_path)
    done = called("plan", "--from", "2026-01-01", "--to", "2026-12-31", cwd=tmp_path)
    assert "2026-01-01 to 2026-12-31 │ nothing known" in done.stdout
    assert "1 file not read yet" in done.stdout
    assert "Not counted: " in done.stdout
    assert "no estimate" in done.stdout


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("plan", "--from", "2026-02-30", "--to", "2026-03-01"), "--from '2026-02-30' is not a valid date"),
        (("plan", "--from", "2026-03-02", "--to", "2026-03-01"), "--to 2026-03-01 is before --from 2026-03-02"),
        (("run", "--from", "2026-03-02"), "--from and --to together"),
        (("run", "--from", "2026-03-01", "--to", "2026-03-02", "--day", "2026-03-01"), "--from and --to together"),
    ],
)
def test_invalid_range_is_an_invalid_call(tmp_path: Path, command: tuple[str, ...], message: str) -> None:
    """An invalid range is refused before anything starts."""
    fill(tmp_path)
    done = called(*command, cwd=tmp_path)
    assert (done.returncode, message in done.stderr, (tmp_path / "data").exists()) == (2, True, False), done.stderr
