"""`newslake init`: a new folder in which the printed commands work one after another; a wrong input writes nothing."""

import os
import pty
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.addons.setup.test_add_source import TEXT
from tests.faults.hostile import Hostile, hostile_server
from tests.unit.cli.test_commands import ROOT, called

QUICK = {"NEWS_HOST_INTERVAL_SECONDS": "0", "NEWS_DURABILITY": "process"}
CONTACT = "desk@post.example"


@pytest.fixture(scope="module")
def site() -> Iterator[Hostile]:
    """A site whose front page names a feed with one article; no other page names it."""
    body = "".join(f"<p>{TEXT.format(town=town)}</p>" for town in ("Tarnwick", "Larkham"))
    story = f"<html lang='en'><head><title>Bridge</title></head><body><article><h1>Bridge</h1>{body}</article></body>"
    item = "<item><title>Bridge</title><link>/news/1</link><pubDate>Wed, 04 Mar 2026 08:00:00 GMT</pubDate></item>"
    feed = f"<rss version='2.0'><channel><title>Tarnwick Post</title>{item}</channel></rss>"
    link = '<html><head><link rel="alternate" type="application/rss+xml" href="/latest"></head></html>'
    with hostile_server() as server:
        server.says("/", 200, link.encode(), Content_Type="text/html")
        server.says("/latest", 200, feed.encode(), Content_Type="application/rss+xml")
        server.says("/news/1", 200, story.encode(), Content_Type="text/html")
        yield server


def init(folder: Path, *args: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    return called("init", str(folder), *args, cwd=cwd or folder.parent, **QUICK, **env)


def create(folder: Path, site: Hostile, *args: str) -> str:
    """Create a project with the site; return standard output."""
    done = init(folder, "--site", site.url("/"), "--private-host", site.host, "--key", "post", *args)
    assert done.returncode == 0, done.stderr
    return done.stdout


def files(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


@pytest.mark.model
def test_printed_commands_work_one_after_another(tmp_path: Path, site: Hostile) -> None:
    """After init, the printed commands work in the printed order and folder, without any other setting."""
    printed = create(tmp_path / "my news", site, "--contact", CONTACT)
    change, *commands = [line.strip() for line in printed.partition("next:\n")[2].splitlines()]
    words = [shlex.split(command, comments=True)[1:] for command in commands]
    site.headers.clear()

    assert shlex.split(change) == ["cd", str(tmp_path / "my news")]
    assert [each[0] for each in words] == ["run", "show", "ask", "doctor"]
    evening = {"NEWS_FROZEN_NOW": "2026-03-04T20:00:00Z"}  # of the newest page, so that the source is not stale
    done = [called(*each, cwd=Path(shlex.split(change)[1]), **QUICK, **evening) for each in words]
    assert [each.returncode for each in done] == [0] * 4, [each.stderr for each in done]
    assert "1 article committed" in done[0].stdout
    assert "Ruth Amberley" in done[1].stdout
    assert "Ruth Amberley" in done[2].stdout
    assert not re.search("^(FAIL|warn) (?!data folder|clock|freshness)", done[3].stdout, re.MULTILINE), done[3].stdout
    assert {headers["user-agent"] for headers in site.headers.values()} == {"newslake/0.1.0 (desk@post.example)"}


def test_files_are_explained(tmp_path: Path, site: Hostile) -> None:
    """The first line of sources.toml that is not a comment has the private hosts; both files say what they are."""
    create(tmp_path / "news", site, "--data-dir", "store", "--publisher", "The Post")
    written = files(tmp_path / "news")
    lines = [line for line in written["sources.toml"].splitlines() if line and not line.startswith("#")]

    assert lines[:3] == [f'private_hosts = ["{site.host}"]', "[sources.post]", 'kind = "feed"']
    assert lines[3:] == [f'url = "{site.url("/latest")}"', 'publisher = "The Post"']
    assert "NEWS_DATA_DIR='store'\n" in written["newslake.env"]
    assert "\n# NEWS_USER_AGENT='newslake/0.1.0 (you@post.example)'\n" in written["newslake.env"]


def test_project_without_a_site(tmp_path: Path) -> None:
    """Without a site, the files are there, doctor warns, and the first command that is printed adds a source."""
    done = init(tmp_path / "news", "--yes")
    checked = called("doctor", cwd=tmp_path / "news", **QUICK)

    assert (done.returncode, sorted(files(tmp_path / "news"))) == (0, ["newslake.env", "sources.toml"])
    assert re.search(r"next:\n  cd .*\n  \S*newslake sources add URL ", done.stdout)
    assert (checked.returncode, "warn sources        sources.toml has no source" in checked.stdout) == (0, True)


def test_folder_of_pages_is_a_site(tmp_path: Path) -> None:
    """A folder of saved pages is a source, with its path from the folder of the project."""
    (tmp_path / "news" / "saved").mkdir(parents=True)
    (tmp_path / "news" / "saved" / "a.html").write_text(f"<html><body><p>{TEXT}</p></body></html>")
    done = init(tmp_path / "news", "--site", "news/saved")

    assert (done.returncode, '[sources.saved]\nkind = "folder"\npath = "saved"\n' in done.stdout) == (0, True)


def unused_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (("--site", "{site}/"), 2, "{host} is not a public address; if it is in your own network, add --private-host "),
        (("--site", "{site}/news/1", "--private-host", "{host}"), 1, "give the front page, {site}/, or the URL of a"),
        (("--site", "{site}/gone", "--private-host", "{host}"), 1, "404"),
        (("--site", "http://127.0.0.1:{unused}/", "--private-host", "127.0.0.1:{unused}"), 1, "no answer (robots.txt"),
        (("--site", "post.invalid"), 1, "https://post.invalid: no answer (post.invalid does not resolve"),
        (("--site", "nowhere/"), 2, "nowhere: no such folder or file"),
        (("--private-host", "localhost"), 2, "write HOST:PORT"),
        (("--contact", "me"), 2, "give a mail address or a web page"),
        (("--contact", "o'neil@post.example"), 2, "may not have"),
        (("--contact", "desk@post.example\nX: y"), 2, "may not have"),
        (("--data-dir", "{file}"), 2, "is a file, not a folder"),
        (("--publisher", "The Post"), 2, "are of a site; give --site"),
        (("--site", "{site}/", "--private-host", "{host}", "--language", "english"), 2, "sources.post.language"),
        (("--site", "{site}/", "--private-host", "{host}", "--key", "Post!"), 2, "a key is a lower-case letter"),
    ],
)
def test_wrong_input_writes_nothing(
    tmp_path: Path, site: Hostile, args: tuple[str, ...], code: int, message: str
) -> None:
    """Each wrong input is one message, and the folder is not created."""
    (tmp_path / "file").touch()
    names = {"site": site.url("/").rstrip("/"), "host": site.host, "file": tmp_path / "file", "unused": unused_port()}
    key = () if "--site" not in args or "--key" in args else ("--key", "post")
    done = init(tmp_path / "news", *(each.format(**names) for each in args), *key)
    errors = [line for line in done.stderr.splitlines() if line.startswith("newslake:")]

    assert (done.returncode, len(errors), message.format(**names) in errors[0]) == (code, 1, True), done.stderr
    assert os.listdir(tmp_path) == ["file"]


def test_folder_that_cannot_have_a_project(tmp_path: Path) -> None:
    """The folder of newslake, a file, and a folder below a file are refused."""
    (tmp_path / "file").touch()
    for folder, message in (
        (ROOT, "has newslake itself"),
        (tmp_path / "file", "is a file"),
        (tmp_path / "file/a", "is a"),
    ):
        done = init(folder, "--yes", cwd=tmp_path)
        assert (done.returncode, message in done.stderr) == (2, True), done.stderr


def _states(folder: Path) -> dict[Path, tuple[int, int, int, int]]:
    """Return kind, number, size and time of change of all below a folder; who lists it changes the time of access."""
    found = {path: path.lstat() for path in folder.rglob("*")}
    return {path: (each.st_mode, each.st_ino, each.st_size, each.st_mtime_ns) for path, each in found.items()}


def _is_link(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


@pytest.mark.parametrize(
    ("name", "create_it", "message"),
    [
        *((name, Path.mkdir, "is not a file") for name in ("sources.toml", "newslake.env")),
        *((name, os.mkfifo, "is not a file") for name in ("sources.toml", "newslake.env")),
        *((name, _is_link, "is a link to something that does not exist") for name in ("sources.toml", "newslake.env")),
        ("sources.toml", lambda path: path.symlink_to(path), "is a link to something that does not exist"),
        (".", lambda path: (path.rmdir(), _is_link(path)), "is a link to something that does not exist"),
        ("data", Path.touch, "is a file, not a folder"),
        ("data", _is_link, "is a link to something that does not exist"),
    ],
)
def test_hostile_folder_is_left_as_it_is(
    tmp_path: Path, name: str, create_it: Callable[[Path], object], message: str
) -> None:
    """A folder, a pipe or a broken link in the place of a file, and a file in that of the data, are named and stay."""
    folder = tmp_path / "news"
    folder.mkdir()
    create_it(folder / name)
    before = _states(tmp_path)
    done = init(folder, "--yes")

    assert (done.returncode, f"{folder / name} {message}" in done.stderr) == (2, True), done.stderr
    assert _states(tmp_path) == before


def test_second_init_adds_a_source_and_overwrites_nothing(tmp_path: Path, site: Hostile) -> None:
    """In a folder with a project, a site is added to sources.toml; anything else is refused with what to do."""
    folder = tmp_path / "news"
    create(folder, site)
    before = files(folder)
    (folder / "saved").mkdir()
    (folder / "saved" / "a.html").write_text(f"<html><body><p>{TEXT}</p></body></html>")

    refused = {
        "has this location already": init(folder, "--site", site.url("/")),
        "newslake.env exists and is not changed; write NEWS_USER_AGENT=": init(folder, "--contact", CONTACT),
        'add "127.0.0.1:1" to its private_hosts': init(folder, "--private-host", "127.0.0.1:1"),
        "exists, with 1 source; add one with --site": init(folder),
    }
    assert {message: (done.returncode, message in done.stderr) for message, done in refused.items()} == dict.fromkeys(
        refused, (2, True)
    )
    assert files(folder) == before
    assert init(folder, "--site", str(folder / "saved")).returncode == 0
    assert files(folder)["sources.toml"].startswith(before["sources.toml"])
    assert files(folder)["newslake.env"] == before["newslake.env"]


def test_private_host_of_an_existing_file(tmp_path: Path, site: Hostile) -> None:
    """For a site in the own network, the line of the existing file is named, and nothing is changed."""
    init(tmp_path / "news", "--yes")
    before = files(tmp_path / "news")
    done = init(tmp_path / "news", "--site", site.url("/"))

    assert (done.returncode, f'add "{site.host}" to the line private_hosts of ' in done.stderr) == (2, True)
    assert files(tmp_path / "news") == before


def test_other_sources_file_is_refused(tmp_path: Path) -> None:
    """A setting that hides the new file is named before anything is written."""
    done = init(tmp_path / "news", "--yes", NEWS_SOURCES_FILE="/srv/sources.toml")

    assert (done.returncode, "unset NEWS_SOURCES_FILE first" in done.stderr) == (2, True)
    assert not (tmp_path / "news").exists()


def test_questions_in_a_terminal(tmp_path: Path, site: Hostile) -> None:
    """In a terminal, init asks for data folder, contact and site, and whether a private host may be fetched from."""
    master, terminal = pty.openpty()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NEWS_")}
    environment = {**clean, **QUICK, "PYTHONPATH": str(ROOT), "TERM": "dumb"}
    os.write(master, f"\n{CONTACT}\n{site.url('/')}\ny\n".encode())
    done = subprocess.run(
        [sys.executable, "-m", "newslake", "init", "news"],
        cwd=tmp_path,
        env=environment,
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=terminal,
        text=True,
        check=False,
    )
    os.close(terminal)
    shown = os.read(master, 100_000).decode()
    os.close(master)

    assert done.returncode == 0, shown
    for question in ("Data folder [data]:", "Your mail address or web page", "First site", "in your own network"):
        assert question in shown
    written = files(tmp_path / "news")
    assert f"newslake/0.1.0 ({CONTACT})" in written["newslake.env"]
    assert "\n# NEWS_DATA_DIR='data'\n" in written["newslake.env"]
    assert (site.host in written["sources.toml"], site.url("/latest") in written["sources.toml"]) == (True, True)


def test_command_is_printed_as_it_can_be_called(tmp_path: Path) -> None:
    """A newslake that is not on the PATH is printed with its absolute path, which works in the new folder."""
    program = tmp_path / "bin" / "newslake"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\nfrom newslake.pipeline.cli import main\nmain()\n")
    program.chmod(0o755)
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}

    def printed(*command: str, cwd: Path) -> str:
        return subprocess.run(command, cwd=cwd, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout

    command = re.search(r"\n  (\S+) sources add URL", printed("bin/newslake", "init", "news", "--yes", cwd=tmp_path))

    assert command is not None
    assert command[1] == str(program)
    assert printed(command[1], "--version", cwd=tmp_path / "news").startswith("newslake ")
