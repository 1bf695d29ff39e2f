"""`newslake push`: URLs go into an inbox as one whole file, or not at all."""

import json
from pathlib import Path

import pytest

from tests.unit.cli.test_commands import called

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
    """The file's name is printed; it holds a URL a line, and nothing else is left in the inbox."""
    done = called("push", "http://a.example/1", "https://b.example/2#top", cwd=place)
    (file,) = (place / "in").iterdir()
    assert (done.returncode, done.stdout.strip()) == (0, str(Path("in") / file.name))
    assert (file.suffix, file.read_text()) == (".urls", "http://a.example/1\nhttps://b.example/2\n")


def test_stdin_and_another_inbox(place: Path) -> None:
    """A dash reads standard input, where remarks and empty lines do not count; --source names the inbox."""
    given = "# to read\n\nhttp://a.example/1\nhttp://a.example/2\n"
    done = called("push", "-", "--source", "gate", "--json", cwd=place, given=given)
    told = json.loads(done.stdout)
    assert told["urls"] == 2
    assert (place / told["file"]).read_text() == "http://a.example/1\nhttp://a.example/2\n"
    assert not (place / "in").exists()


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
def test_wrong_push_leaves_nothing(place: Path, args: tuple[str, ...], named: str) -> None:
    """What is no http(s) URL, or no inbox, is named, and no file is written."""
    done = called("push", *args, cwd=place, given="")
    assert (done.returncode, named in done.stderr) == (2, True)
    assert list(place.iterdir()) == [place / "sources.toml"]


def test_without_an_inbox_nothing_is_pushed(place: Path) -> None:
    """A sources.toml without an inbox is told, with what to do."""
    (place / "sources.toml").write_text('[sources.feed]\nkind = "feed"\nurl = "http://feed.example/rss"\n')
    done = called("push", "http://a.example/1", cwd=place)
    assert (done.returncode, "no source of kind 'inbox'" in done.stderr) == (2, True)
