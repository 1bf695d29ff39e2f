"""A backfill on Spark as processes of this machine, by spark-submit: which processes it has, what they use, kills.

It imports no library of Spark: the tests that call it are nightly.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from tests.architecture.tree import ROOT

type Kind = Literal["submit", "driver", "executor", "worker", "other"]
"""The JVM of spark-submit, which has the executors of a local master; the driver's Python; other JVMs; workers."""

_MARKS: dict[str, Kind] = {
    "deploy.SparkSubmit": "submit",
    "CoarseGrainedExecutorBackend": "executor",
    "faulty_daemon": "worker",
    "pyspark.daemon": "worker",
    "pipeline/spark/job.py": "driver",
}
JOB_FILE = ROOT / "pipeline" / "spark" / "job.py"
_TICKS = os.sysconf("SC_CLK_TCK")
_SAMPLE_SECONDS = 0.4


def spark_home(folder: Path) -> Path:
    """Return a home of Spark in a folder, with links to the programs of its Python package: executors write there."""
    home, found = folder / "spark-home", find_spec("pyspark")
    assert found is not None
    assert found.origin is not None
    if not home.exists():
        home.mkdir()
        for name in ("bin", "jars", "sbin"):
            (home / name).symlink_to(Path(found.origin).parent / name)
    return home


def submitted(
    options: Collection[str],
    *,
    folder: Path,
    master: str,
    own: Mapping[str, str],
    conf: Mapping[str, str] | None = None,
    samples: bool = True,
) -> AbstractContextManager["SparkJob"]:
    """Start the job file with some options by spark-submit, with the settings ``own``; its files are in the folder."""
    home = spark_home(folder)
    given = {"spark.ui.enabled": "false", **(conf or {})}
    confs = [word for name, value in given.items() for word in ("--conf", f"{name}={value}")]
    command = [str(home / "bin" / "spark-submit"), "--master", master, *confs, str(JOB_FILE), *options]
    environment = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_DIRS": str(folder / "spark-scratch"),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": str(ROOT),
        **own,
    }
    return running(command, environment, folder=folder, samples=samples)


@dataclass(frozen=True, slots=True)
class ProcessUse:
    """The processor seconds and resident MB of a process, the largest that were seen."""

    kind: Kind
    processor_seconds: float
    peak_mb: float


@dataclass
class SparkJob:
    """A running job, in a session of its own. ``uses`` is what each process has used so far."""

    process: subprocess.Popen[bytes]
    output: Path
    uses: dict[int, ProcessUse] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)

    @property
    def printed(self) -> str:
        return self.output.read_text("utf-8", "replace")

    def processes(self) -> dict[int, str]:
        """Return the command of each process of the session that lives."""
        listed = subprocess.run(
            ["ps", "-s", str(self.process.pid), "-o", "pid=,stat=,args=", "-ww"],
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        rows = [line.split(None, 2) for line in listed.splitlines()]
        return {int(pid): args for pid, state, args in rows if not state.startswith("Z")}

    def pids(self, kind: Kind) -> list[int]:
        """Return the living processes of a kind; of the Python workers not the one that forks them."""
        mine = [pid for pid, args in self.processes().items() if _kind_of(args) == kind]
        return [pid for pid in mine if _parent(pid) in mine] if kind == "worker" else mine

    def kill(self, kind: Kind, *, only_one: bool = False) -> list[int]:
        """Kill the processes of a kind, or one of them, as soon as there are any; return them."""
        self.wait_until(lambda: bool(self.pids(kind)))
        found = self.pids(kind)[: 1 if only_one else None]
        _kill(found)
        return found

    def end(self) -> None:
        """Kill all processes of the session."""
        _kill(self.processes())
        self.process.wait(30)

    def wait(self, *, seconds: float = 900) -> int:
        """Wait for the end; return the exit code."""
        return self.process.wait(seconds)

    def has_ended_whole(self, *, seconds: float = 60) -> bool:
        """Return whether all processes of the session end within some time."""
        end = time.monotonic() + seconds
        while self.processes() and time.monotonic() < end:
            time.sleep(0.2)
        return not self.processes()

    def wait_until(self, is_true: Callable[[], bool], *, seconds: float = 300) -> None:
        """Wait until something is true while the job runs. Raises: AssertionError with what it printed."""
        end = time.monotonic() + seconds
        while not is_true():
            assert self.process.poll() is None, self.printed
            assert time.monotonic() < end, self.printed
            time.sleep(0.1)

    def sample(self, end: threading.Event) -> None:
        """Note what each process uses, until an event."""
        while not end.wait(_SAMPLE_SECONDS):
            for pid, args in self.processes().items():
                if (use := _use_of(pid)) is not None:
                    self.uses[pid] = ProcessUse(_kind_of(args), *use)

    def processor_seconds(self) -> dict[str, float]:
        """Return the processor seconds by kind of process."""
        found: dict[str, float] = defaultdict(float)
        for each in self.uses.values():
            found[each.kind] += each.processor_seconds
        return found

    def total_seconds(self) -> float:
        """Return the processor seconds of all processes."""
        return sum(self.processor_seconds().values())

    def peaks(self) -> dict[Kind, float]:
        """Return the resident MB of the largest process of each kind."""
        found: dict[Kind, float] = {}
        for each in self.uses.values():
            found[each.kind] = max(found.get(each.kind, 0.0), each.peak_mb)
        return found


def _kill(pids: Iterable[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _kind_of(args: str) -> Kind:
    return next((kind for mark, kind in _MARKS.items() if mark in args), "other")


def _parent(pid: int) -> int:
    stat = _read(pid, "stat")
    return int(stat.rpartition(") ")[2].split()[1]) if stat else 0


def _use_of(pid: int) -> tuple[float, float] | None:
    """Return processor seconds and the peak of resident MB of a process; None if it has ended."""
    stat, status = _read(pid, "stat"), _read(pid, "status")
    peak = next((line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")), None)
    if not stat or peak is None:
        return None
    fields = stat.rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS, int(peak) / 1024


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


@contextmanager
def running(
    command: Collection[str], environment: Mapping[str, str], *, folder: Path, samples: bool = False
) -> Iterator[SparkJob]:
    """Start a command in a session of its own; yield it, and leave no process of it. Its output is in the folder."""
    output = folder / f"job-{time.monotonic_ns()}.log"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [*command],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    job, end = SparkJob(process, output), threading.Event()
    sampler = threading.Thread(target=job.sample, args=[end], daemon=True)
    try:
        if samples:
            sampler.start()
        yield job
    finally:
        end.set()
        if samples:
            sampler.join(10)
        job.end()
