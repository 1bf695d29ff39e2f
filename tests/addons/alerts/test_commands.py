"""`newslake alerts` and the alerts of `newslake run`, as a user sees them: a real feed, a real webhook, real files."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.addons.alerts.receiver import Receiver
from tests.unit.cli.test_commands import called

EMPTY_FEED = b"<rss version='2.0'><channel><title>Harbour</title></channel></rss>"
RULE = "[rules.sources]\non = 'sources'\nstates = ['failing']\n"
NEWS = "[rules.news]\non = 'question'\nsql = \"SELECT 'The ferry sails' AS title, 'https://a.example/1' AS url\"\n"


class _FeedHandler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        is_feed = self.path == "/feed"
        self.send_response(200 if is_feed else 404)
        self.send_header("Content-Type", "application/rss+xml")
        self.end_headers()
        self.wfile.write(EMPTY_FEED if is_feed else b"")

    def log_message(self, *given: object) -> None:
        """Be silent."""


@contextmanager
def _feed_at(port: int) -> Iterator[None]:
    with HTTPServer(("127.0.0.1", port), _FeedHandler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield
        server.shutdown()


@pytest.fixture
def port() -> int:
    """A port that was free."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def place(tmp_path: Path, port: int) -> Path:
    """A folder with one feed."""
    (tmp_path / "sources.toml").write_text(
        f"private_hosts = ['127.0.0.1:{port}']\n[sources.harbour]\nkind = 'feed'\n"
        f"url = 'http://127.0.0.1:{port}/feed'\ninterval_seconds = 0\n"
    )
    return tmp_path


@pytest.fixture
def webhook() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def _write(place: Path, rules: str, webhook: Receiver) -> None:
    (place / "alerts.toml").write_text(f'[senders]\ndesk = "{webhook.url}"\n{rules}')


def test_run_alerts_when_a_server_stops_and_when_it_is_back(place: Path, port: int, webhook: Receiver) -> None:
    """A source whose server is down is one message, however many runs; its return is another one."""
    _write(place, RULE, webhook)
    env = {"NEWS_FETCH_ATTEMPTS": "1", "NEWS_DURABILITY": "process"}
    with _feed_at(port):
        assert called("run", "--quiet", cwd=place, **env).returncode == 0
    for _ in range(2):
        assert called("run", "--quiet", cwd=place, **env).returncode == 1
    with _feed_at(port):
        assert called("run", "--quiet", cwd=place, **env).returncode == 0

    first, second = webhook.titles
    assert first == "sources: source harbour is failing"
    assert second.startswith("Resolved: sources: source harbour is failing (lasted ")
    assert "source harbour is failing" in (place / "data" / "alerts" / "feeds" / "sources.xml").read_text()


def test_a_failed_run_is_reported(place: Path, webhook: Receiver) -> None:
    """A run whose source cannot be listed is a failed run, with what failed; it is reported once."""
    _write(place, "[rules.runs]\non = 'runs'\n", webhook)
    done = called("run", "--quiet", cwd=place, NEWS_FETCH_ATTEMPTS="1", NEWS_DURABILITY="process")
    assert (done.returncode, called("alerts", "check", cwd=place).returncode) == (1, 0)

    (message,) = webhook.taken
    assert message["title"].startswith("runs: run cli.")
    assert "source harbour: robots_unreachable" in map(str.strip, message["message"].splitlines())


def test_a_run_that_ends_early_is_reported(place: Path, port: int, webhook: Receiver) -> None:
    """A run that an error ends is a failed run too: it checks the alerts, which report it, and exits with the error."""
    _write(place, "[rules.runs]\non = 'runs'\n", webhook)
    with _feed_at(port):
        assert called("run", "--quiet", cwd=place, NEWS_DURABILITY="process").returncode == 0
        shutil.rmtree(place / "data" / "archive")
        done = called("run", "--quiet", cwd=place, NEWS_DURABILITY="process")

    assert (done.returncode, "state.sqlite is missing" in done.stderr) == (1, True)
    (message,) = webhook.taken
    assert "it ended early (MissingStoreError)" in message["message"]


def test_doctor_checks_the_rules(place: Path) -> None:
    """A wrong rule is a FAIL of doctor, with its key; a file that is missing or right is ok."""
    found = []
    for text in (None, RULE, RULE.replace("'failing'", "'falling'")):
        if text is not None:
            (place / "alerts.toml").write_text(text)
        findings = {each["name"]: each for each in json.loads(called("doctor", "--json", cwd=place).stdout)}
        found.append(findings["alert_rules"])

    assert [each["status"] for each in found] == ["ok", "ok", "fail"]
    assert found[0]["message"] == "no alerts.toml: nothing is reported"
    assert found[1]["message"] == "1 rule in alerts.toml"
    assert "rules.sources.states.0" in found[2]["message"]


@pytest.mark.parametrize("command", [("run",), ("alerts",), ("alerts", "check"), ("alerts", "test", "sources")])
def test_a_wrong_rule_stops_every_command(command: tuple[str, ...], place: Path, webhook: Receiver) -> None:
    """A wrong rule is an invalid call, named with its file, before a run fetches or writes anything."""
    _write(place, RULE.replace("'failing'", "'falling'"), webhook)
    done = called(*command, cwd=place)

    assert done.returncode == 2
    assert "alerts.toml: rules.sources.states.0: Input should be" in done.stderr
    assert not (place / "data").exists()


def test_a_rule_on_news_fires_once(place: Path, webhook: Receiver) -> None:
    """Two checks find the same row; it is sent once. The list says what was checked."""
    _write(place, NEWS, webhook)
    before = json.loads(called("alerts", "--json", cwd=place).stdout)
    for _ in range(2):
        done = called("alerts", "check", cwd=place)
        assert (done.returncode, done.stdout) == (0, "news: 1 item\n")
    after = json.loads(called("alerts", "--json", cwd=place).stdout)

    assert webhook.titles == ["news: The ferry sails"]
    assert [each["open_alerts"] for each in (*before, *after)] == [None, 0]
    assert "quiet" in called("alerts", cwd=place).stdout


def test_test_prints_receipts_and_changes_nothing(place: Path, webhook: Receiver) -> None:
    """`alerts test` prints the item with its receipt; it sends nothing and creates no state."""
    _write(place, NEWS, webhook)
    done = called("alerts", "test", "news", cwd=place)

    assert (done.returncode, done.stdout.splitlines()) == (0, ["The ferry sails", "  https://a.example/1"])
    assert "rule news finds 1 row" in done.stderr
    assert (webhook.taken, (place / "data" / "alerts").exists()) == ([], False)


@pytest.mark.parametrize(
    ("rules", "rule", "title"),
    [
        (NEWS, "news", "Test: news: The ferry sails"),
        (RULE, "sources", "Test: sources: a test message; the rule finds nothing now"),
    ],
)
def test_test_sends_one_message(rules: str, rule: str, title: str, place: Path, webhook: Receiver) -> None:
    """With --send, one test message arrives, in quiet hours too, and the next check still reports the row."""
    (place / "alerts.toml").write_text(f'quiet_hours = "00:00-23:59"\n[senders]\ndesk = "{webhook.url}"\n{rules}')
    done = called("alerts", "test", rule, "--send", cwd=place)

    assert (done.returncode, webhook.titles) == (0, [title])
    assert "sent to desk" in done.stderr.splitlines()
    assert not (place / "data" / "alerts").exists()


def test_a_sender_that_fails_is_named(place: Path, webhook: Receiver) -> None:
    """A server that answers 500 fails the command, named without its address; the message arrives when it works."""
    _write(place, NEWS, webhook)
    webhook.manner = "fails"
    tried, done = called("alerts", "test", "news", "--send", cwd=place), called("alerts", "check", "--json", cwd=place)
    assert (tried.returncode, done.returncode) == (1, 1)
    assert ("sender desk" in tried.stderr, "sent to" in tried.stderr) == (True, False)
    assert [each["sender"] for each in json.loads(done.stdout)["failures"]] == ["desk"]
    assert webhook.url not in tried.stderr + done.stderr


def test_a_question_that_is_too_slow_stops_no_other_rule(place: Path, webhook: Receiver) -> None:
    """The slow rule is an alert itself and exit 1; the rule after it is checked and sent."""
    slow = "[rules.slow]\non = 'question'\nsql = 'SELECT count(*) AS n FROM range(1000000000000)'\ntimeout = 0.2\n"
    _write(place, slow + NEWS, webhook)
    done = called("alerts", "check", cwd=place)

    assert (done.returncode, done.stdout.splitlines()) == (1, ["slow: not checked", "news: 1 item"])
    assert "rule slow could not be checked: the query exceeded 0.2 seconds" in done.stderr
    assert webhook.titles == ["slow: the rule cannot be checked", "news: The ferry sails"]
    failed = called("alerts", "test", "slow", cwd=place)
    assert (failed.returncode, "cannot be checked: the query exceeded" in failed.stderr) == (1, True)


def test_the_messages_of_a_removed_sender_can_be_dropped(place: Path, webhook: Receiver) -> None:
    """A removed sender is named by each check until its messages are dropped; to drop none is an error."""
    webhook.manner = "fails"
    _write(place, NEWS, webhook)
    called("alerts", "check", cwd=place)
    (place / "alerts.toml").write_text(NEWS)
    before = called("alerts", "check", cwd=place)
    dropped, again = (called("alerts", "drop", "desk", cwd=place) for _ in range(2))

    assert (before.returncode, "`newslake alerts drop`" in before.stderr) == (1, True)
    assert (dropped.returncode, dropped.stdout) == (0, "1 message for desk dropped\n")
    assert (again.returncode, "no message waits for 'desk'" in again.stderr) == (2, True)
    assert called("alerts", "check", cwd=place).returncode == 0


def test_a_removed_rule_has_no_open_alert(place: Path, webhook: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    """The next check closes the alerts of a rule that the file no longer has, and logs it; its Atom file says so."""
    _write(place, "[rules.disk]\non = 'machine'\ndisk_free_gb = 1e12\n", webhook)
    called("alerts", "check", cwd=place)
    _write(place, "", webhook)
    first, second = (called("alerts", "check", cwd=place) for _ in range(2))

    assert (first.returncode, second.returncode, len(webhook.taken)) == (0, 0, 1)
    assert caplog.messages == ["alerts.toml has no rule disk any more; closed without a message: 1 open alert"]
    assert "Resolved: disk" in (place / "data" / "alerts" / "feeds" / "disk.xml").read_text()


def test_messages_wait_for_no_rule(place: Path, webhook: Receiver) -> None:
    """A message is sent when its server works again, also if the file has no rule any more."""
    webhook.manner = "fails"
    _write(place, NEWS, webhook)
    called("alerts", "check", cwd=place, NEWS_FROZEN_NOW="2026-03-04T12:00:00Z")
    webhook.manner = "takes"
    _write(place, "", webhook)
    done = called("alerts", "check", cwd=place, NEWS_FROZEN_NOW="2026-03-04T13:00:00Z")

    assert (done.returncode, webhook.titles) == (0, ["news: The ferry sails"])


def test_a_log_has_no_address(place: Path) -> None:
    """An address that Apprise refuses is in no line of the log, although Apprise itself logs it."""
    (place / "alerts.toml").write_text('[senders]\ndesk = "tgram://secret/x"\n')
    environment = {**os.environ, "PYTHONPATH": os.getcwd(), "NEWS_LOG_FORMAT": "json"}
    command = [sys.executable, "-m", "newslake", "alerts"]  # the format of a log is set once per process
    done = subprocess.run(command, check=False, cwd=place, env=environment, capture_output=True, text=True)

    assert (done.returncode, "senders.desk" in done.stderr, "secret" in done.stderr) == (2, True, False)


def test_without_a_file_nothing_happens(place: Path) -> None:
    """Without alerts.toml, a check is a good end and creates no state."""
    done = called("alerts", "check", cwd=place)

    assert (done.returncode, done.stdout, (place / "data").exists()) == (0, "", False)
    assert "alerts.toml has no rules" in called("alerts", cwd=place).stderr
