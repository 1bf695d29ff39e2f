"""Statements whose values need gigabytes, through each door that can run them in a process.

`newslake ask` has no such statement: the values of its options are parameters. It has the process of `newslake sql`.
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.addons.agents.test_server import call_sql, running_server
from tests.addons.newsroom.statement_server import BEGUN
from tests.large_values import LARGE_VALUES
from tests.long_form import LONG
from tests.scheduler.machine import free_port
from tests.unit.cli.test_commands import ROOT
from tests.unit.query.conftest import small_lake, write_rows

__all__ = ["small_lake", "write_rows"]

EXPRESSIONS = LARGE_VALUES if LONG else LARGE_VALUES[:1]
MORE_KB = 50 << 10  # that a server may have after an attack
LIMIT = "the query exceeded"
LIMITS = ("--timeout", "60", "--memory", "256")
_SERVE = "from tests.addons.newsroom.statement_server import serve; serve({port})"


def most_resident(pid: int) -> int:
    """Return the most memory that a process had, in kilobytes; 0 if it has ended."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def peak_and_errors(statement: str, folder: Path) -> tuple[int, str]:
    """Return the most memory that `newslake sql` itself has, in kilobytes, and its standard error."""
    variables = {"PYTHONPATH": str(ROOT), "NEWS_DATA_DIR": str(folder), "NEWS_SQL_PROCESS": "true"}
    process = subprocess.Popen(
        [sys.executable, "-m", "newslake", "sql", statement, *LIMITS],
        cwd=folder,
        env={**{name: value for name, value in os.environ.items() if not name.startswith("NEWS_")}, **variables},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    peak = 0
    while process.poll() is None:
        peak = max(peak, most_resident(process.pid))
        time.sleep(0.01)
    return peak, process.communicate()[1]


def test_sql(tmp_path: Path) -> None:
    """The error says which limit was exceeded, the command itself stays small, and the next statement has its row."""
    usual, errors = peak_and_errors("SELECT 1 AS one", tmp_path)
    assert errors.endswith("1 row\n")
    for expression in EXPRESSIONS:
        peak, errors = peak_and_errors(f"SELECT {expression}", tmp_path)
        assert LIMIT in errors, expression
        assert peak < usual + MORE_KB, expression


def test_mcp(small_lake: Path) -> None:
    """Each error says which limit was exceeded; the server stays small, and answers the next statement."""
    with running_server(small_lake.parent) as process:
        assert_stays_small(process.pid, lambda statement: answer_of_tool(process, statement))


def answer_of_tool(process: subprocess.Popen[bytes], statement: str) -> str:
    call_sql(process, 2, statement)
    result = json.loads(process.stdout.readline())["result"]
    return str(result["content"][0]["text"])


def assert_stays_small(pid: int, answer: Callable[[str], str]) -> None:
    """Send each statement to a server; check its answer, that of a small one after it, and the server's memory."""
    assert '"one":1' in answer("SELECT 1 AS one").replace(" ", "")
    before = most_resident(pid)
    for expression in EXPRESSIONS:
        assert LIMIT in answer(f"SELECT {expression}"), expression
        assert '"one":1' in answer("SELECT 1 AS one").replace(" ", "")
    assert most_resident(pid) - before < MORE_KB


class Site:
    """A server of Newsroom on loopback, in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._port = folder, free_port()
        variables = {"PYTHONPATH": str(ROOT), "NEWS_DATA_DIR": str(folder), "NEWS_SQL_PROCESS": "true"}
        variables["NEWS_NEWSROOM_SECONDS"] = "600"
        others = {name: value for name, value in os.environ.items() if not name.startswith("NEWS_")}
        program = [sys.executable, "-c", _SERVE.format(port=self._port)]
        self.process = subprocess.Popen(program, cwd=folder, env={**others, **variables})
        while not self._is_open():
            assert self.process.poll() is None
            time.sleep(0.05)

    def _is_open(self) -> bool:
        with socket.socket() as connection:
            return connection.connect_ex(("127.0.0.1", self._port)) == 0

    def send(self, path: str, **query: str) -> HTTPConnection:
        """Send a request; return its connection."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=600)
        connection.request("GET", f"{path}?{urlencode(query)}")
        return connection

    def answer(self, path: str, **query: str) -> tuple[int, str]:
        with closing(self.send(path, **query)) as connection:
            response = connection.getresponse()
            return response.status, response.read().decode()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("site"))
    yield site
    site.process.kill()
    site.process.wait()


def test_newsroom(site: Site) -> None:
    """Each error page says which limit was exceeded; the server stays small, and answers the next statement."""
    assert_stays_small(site.process.pid, lambda statement: site.answer("/statement.json", sql=statement)[1])
    status, text = site.answer("/statement.json", sql=f"SELECT {LARGE_VALUES[0]}")
    assert (status, json.loads(text)["error"]["title"]) == (503, "Query limit exceeded")


def test_page_of_a_reader_who_is_gone_ends(site: Site) -> None:
    """A browser that closes its connection frees the process of its page, also in the middle of work without SQL."""
    connection = site.send("/never.json")
    path = site.folder / BEGUN
    while not path.exists():
        time.sleep(0.02)
    connection.close()
    while Path(f"/proc/{path.read_text()}").exists():
        time.sleep(0.02)
    assert site.answer("/statement.json", sql="SELECT 1 AS one") == (200, '[{"one": 1}]')
