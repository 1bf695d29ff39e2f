"""A month is closed while an engine reads by the code of engines.md, before each call that looks at the files."""

import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from newslake.pipeline.lake.exchange import exchange
from newslake.pipeline.tables import TABLE_SPECS
from tests.engines.engine_answers import ENVIRONMENT, PAGE, SECTIONS, call_newslake, shown
from tests.engines.exchange_worker import WAYS
from tests.engines.supervisor import CALLS, Call, supervise
from tests.faults.lake.newsdesk import CLOSED, begin
from tests.long_form import LONG, seed_or
from tests.without_exchange import machine

pytestmark = pytest.mark.skipif(machine() not in CALLS, reason="the numbers of the system calls are not known here")

SAMPLE = 60 if LONG else 6  # calls of each reading before which the folders are exchanged
# Readings that can omit a month without an error, if its folder is exchanged after it was listed; the page lists them.
CAN_OMIT = {("duckdb", "all"), ("clickhouse", "all"), ("datafusion", "all"), ("spark", "one"), ("spark", "all")}
FOLDER = f"quotes/published_month={CLOSED}"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data/lake, of which one month was just closed."""
    home = tmp_path_factory.mktemp("exchanges")
    begin(home / "data" / "lake")
    return home


@dataclass
class Months:
    """The two folders of a month of a table: the public one, and the one with which it was exchanged."""

    public: Path
    other: Path

    def exchange(self) -> None:
        exchange(self.public, self.other)

    def open(self) -> None:
        """Let the public folder have a file per day."""
        if (self.public / f"{CLOSED}.parquet").exists():
            self.exchange()


def months_in(home: Path) -> Months:
    lake, columns = home / "data" / "lake", TABLE_SPECS["quotes"].file_schema.names
    folders = (lake / "_state" / "exchanged" / CLOSED).iterdir()
    other, *_ = [each for each in folders if pq.read_schema(next(each.iterdir())).names == columns]
    return Months(lake / "tables" / FOLDER, other)


class Reading:
    """An engine in a supervised process, which reads on request."""

    def __init__(self, engine: str, home: Path) -> None:
        self.ways = write_code(engine, home)
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-m", "tests.engines.exchange_worker", engine, str(home), str(theirs.fileno())]
        self._process = subprocess.Popen(
            command,
            pass_fds=[theirs.fileno()],
            env={**os.environ, **ENVIRONMENT},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        theirs.close()
        self._channel = ours
        self._answers = ours.makefile("r")
        _, [self._listener], *_ = socket.recv_fds(ours, 1, 1)

    def read(self, way: str, on_call: Callable[[Call], None]) -> dict[str, Any]:
        """Return the answer; ``on_call`` is called before each system call that looks at the table's files."""
        self._channel.sendall(way.encode() + b"\n")
        supervise(
            self._listener,
            self._channel.fileno(),
            lambda call: on_call(call) if "tables/quotes" in call.path else None,
        )
        found: dict[str, Any] = json.loads(self._answers.readline())
        return found

    def end(self) -> None:
        self._answers.close()
        self._channel.close()
        os.close(self._listener)  # lets waiting calls fail, so that the process can end
        self._process.kill()
        self._process.wait()


def write_code(engine: str, home: Path) -> Sequence[str]:
    """Write the code of the page for an engine; return the ways of reading that it has."""
    one, calls, both = shown(engine)
    part = PAGE.split("\n### While a month is closed\n")[1].split("\n## ")[0]
    [check] = re.findall(r"```python\n(.*?)```", part, re.DOTALL)
    for name, code in {"check": check, "one": one, "all": both}.items():
        (home / f"{name}.py").write_text(code, "utf-8")
    if not both:
        (home / "all.py").unlink()
        return WAYS[:1]
    call_newslake(calls, home)
    (home / "question.sql").write_text("SELECT count(*) AS n FROM quotes_stored", "utf-8")
    return WAYS


@pytest.fixture
def reading(request: pytest.FixtureRequest, home: Path, tmp_path: Path) -> Iterator[Reading]:
    own = tmp_path / "home"
    own.mkdir()
    (own / "data").symlink_to(home / "data")
    months_in(home).open()
    found = Reading(request.param, own)
    yield found
    found.end()
    shutil.rmtree(own)


def after_listing(number: int, act: Callable[[], None]) -> Callable[[Call], None]:
    """Act once: before the first look at a file of the month after its folder was listed for the n-th time."""
    listed = 0

    def on_call(call: Call) -> None:
        nonlocal listed
        if call.name == "getdents64":
            listed += call.path.endswith(FOLDER)
        elif listed == number and f"{FOLDER}/{CLOSED}" in call.path:
            listed += 1000
            act()

    return on_call


def before_call(number: int, act: Callable[[], None]) -> Callable[[Call], None]:
    """Act before the n-th call."""
    made = 0

    def on_call(call: Call) -> None:
        nonlocal made
        made += 1
        if made == number:
            act()

    return on_call


def engines() -> list[Any]:
    spark = (pytest.mark.nightly, pytest.mark.timeout(1200))
    return [pytest.param(name, marks=spark if name == "spark" else ()) for name in SECTIONS]


@pytest.mark.parametrize("reading", engines(), indirect=True)
def test_exchange_while_an_engine_reads(reading: Reading, home: Path, request: pytest.FixtureRequest) -> None:
    """The rows are right, or there is an error; what the page names can omit the month, and its check notices that."""
    engine, months = request.node.callspec.params["reading"], months_in(home)
    for way in reading.ways:
        calls: list[Call] = []
        right = reading.read(way, calls.append)["days"]
        assert [day for day in right if day.startswith(CLOSED)]
        listings = sum(call.name == "getdents64" and call.path.endswith(FOLDER) for call in calls)
        chance = random.Random(seed_or(20261128))
        chosen = sorted(chance.sample(range(1, len(calls) + 1), min(SAMPLE, len(calls))))
        strikes = [after_listing(number, months.exchange) for number in range(1, listings + 1)]
        found = []
        for strike in [*strikes, *(before_call(number, months.exchange) for number in chosen)]:
            months.open()
            found.append(reading.read(way, strike))
        others = [each for each in found if "error" not in each and each["days"] != right]
        month_is_missing = {day: rows for day, rows in right.items() if not day.startswith(CLOSED)}
        assert [each for each in others if each["days"] != month_is_missing] == []
        assert [each for each in others if not each["is_noticed"]] == []
        assert bool(others) == ((engine, way) in CAN_OMIT), f"{len(others)} of {len(found)}"
        assert any("error" in each for each in found)


def test_page_says_what_can_omit_a_month() -> None:
    """The table of the page has what the readings do."""
    for engine, title in SECTIONS.items():
        name = title.partition(" ")[0].rstrip(",")
        [row] = [line for line in PAGE.splitlines() if re.match(rf"\|[^|]*\b{name}\b[^|]*\| (right|can)", line)]
        for way, cell in zip(WAYS, row.split("|")[2:4], strict=True):
            assert ("can omit" in cell) == ((engine, way) in CAN_OMIT), row
