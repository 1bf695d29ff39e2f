"""Supervises the processes of one Airflow on this machine: starts, watches, restarts and stops them.

Each process has the Airflow's home and the name of its part in its environment, and its children inherit both. So all
processes are listed, even children of dead parents, which are missing in a process tree.
"""

import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event
from typing import IO

import psutil

from news_airflow.log_writer import rotating_file, start_log_writer

log = logging.getLogger(__name__)

HOME_MARK, PART_MARK = "NEWSLAKE_AIRFLOW_HOME", "NEWSLAKE_AIRFLOW_PART"
SUPERVISOR = "supervisor"
JSON_LOGS = "AIRFLOW__LOGGING__JSON_LOGS"
# Task logs are local files, so they are not served: a second Airflow would need the same ports.
PARTS = {
    "api-server": ("airflow", "api-server"),
    "scheduler": ("news_airflow.preloaded", "scheduler", "--skip-serve-logs"),
    "dag-processor": ("airflow", "dag-processor"),
    "triggerer": ("airflow", "triggerer", "--skip-serve-logs"),
}
_STOP_ORDER = (("scheduler", "dag-processor", "triggerer"), ("api-server",))  # all others report to the api-server
GRACE_SECONDS = 8.0  # for tasks that are about to end; a killed task is retried at the next start
_PAUSE_SECONDS = 3.0
_POLL_SECONDS = 0.5
_LOAD_SECONDS = 20.0  # the age up to which a process may be loading its program

ProcessFinder = Callable[[], list[psutil.Process]]


def mark_environment(environment: dict[str, str], *, home: Path, part: str) -> dict[str, str]:
    """Return an environment that marks a process and all its children as a part of the Airflow of ``home``."""
    # SPT_NOENV: otherwise a process that sets its title overwrites its environment, which we read.
    return {**environment, HOME_MARK: str(home), PART_MARK: part, "SPT_NOENV": "1"}


def processes(home: Path, *parts: str) -> list[psutil.Process]:
    """Return the running processes of an Airflow, or of some of its parts, without this process."""
    matches = []
    for process in psutil.process_iter():
        try:
            environment = _environment_of(process)
        except psutil.Error:  # another user's, or gone
            continue
        is_ours = environment.get(HOME_MARK) == str(home) and process.pid != os.getpid()
        if is_ours and (not parts or environment.get(PART_MARK) in parts):
            matches.append(process)
    return matches


def _environment_of(process: psutil.Process) -> dict[str, str]:
    """Return the environment of a process; wait for that of a young process, which may be loading its program.

    Linux shows an empty environment meanwhile, which takes some milliseconds, more on a busy machine. Other processes
    have none at all. Raises: psutil.Error.
    """
    environment: dict[str, str] = process.environ()
    while not environment and process.memory_info().vms and _age(process) < _LOAD_SECONDS:
        time.sleep(0.001)
        environment = process.environ()
    return environment


def _age(process: psutil.Process) -> float:
    """Return the seconds since a process was started."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) - float(process.create_time() - psutil.boot_time())


def wait_until_gone(find: ProcessFinder, *, seconds: float) -> bool:
    """Wait until no process is left; return False if that takes longer than ``seconds``."""
    deadline = time.monotonic() + seconds
    while find():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def kill(find: ProcessFinder) -> None:
    """Kill until no process is left: a dying process may have started another one."""
    while processes := find():
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        wait_until_gone(find, seconds=1)


def log_file(home: Path, name: str) -> Path:
    """Return the log file of a part."""
    return home / "logs" / f"{name}.log"


def start(
    home: Path, part: str, command: list[str], *, environment: dict[str, str], stream: IO[bytes] | None = None
) -> subprocess.Popen[bytes]:
    """Start a part in a new session. Its output goes to a stream, which is closed here, else to its log."""
    with stream or log_file(home, part).open("ab") as output:
        return subprocess.Popen(
            command,
            env=mark_environment(environment, home=home, part=part),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


@dataclass(frozen=True, slots=True)
class _Part:
    """A running part: its first process, and the writer of its log."""

    process: subprocess.Popen[bytes]
    writer: subprocess.Popen[bytes]

    def is_broken(self) -> bool:
        """Return whether one of both has ended. Without its writer, the first line that a part logs would fail."""
        return self.process.poll() is not None or self.writer.poll() is not None


def supervise(home: Path) -> None:
    """Keep all parts running until SIGTERM or SIGINT, then stop every process of this Airflow."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _set_child_subreaper()
    running: dict[str, _Part] = {}
    try:
        running.update({part: _start(home, part) for part in PARTS})
        while not stop.wait(_POLL_SECONDS):
            for part in [part for part, each in running.items() if each.is_broken()]:
                log.warning("%s ended with exit code %s; restarting it", part, running[part].process.poll())
                # Leftover processes, mainly the tasks of a scheduler, would run in parallel with the new ones.
                kill(partial(processes, home, part))
                if stop.wait(_PAUSE_SECONDS):
                    break
                running[part] = _start(home, part)
            _reap(running)
    finally:
        log.info("stopping %s", ", ".join(running))
        _end(home, running)


def _start(home: Path, part: str) -> _Part:
    writer = start_log_writer(
        log_file(home, part), mark_environment(dict(os.environ), home=home, part=f"log of {part}")
    )
    command = [sys.executable, "-m", *PARTS[part]]
    return _Part(start(home, part, command, environment=dict(os.environ), stream=writer.stdin), writer)


def _end(home: Path, running: dict[str, _Part]) -> None:
    for parts in _STOP_ORDER:
        for part in running.keys() & parts:
            running[part].process.terminate()
        find = partial(processes, home, *parts)
        wait_until_gone(find, seconds=GRACE_SECONDS)
        kill(find)
    wait_until_gone(partial(processes, home), seconds=GRACE_SECONDS)  # the writers of logs write the last lines
    kill(partial(processes, home))
    _reap({})


def _set_child_subreaper() -> None:
    """Become the parent of descendants of dead parents: the first process of a container may not reap them."""
    if sys.platform == "linux":
        set_child_subreaper = 36
        ctypes.CDLL(None).prctl(set_child_subreaper, 1, 0, 0, 0)


def _reap(running: dict[str, _Part]) -> None:
    """Take the exit status of dead children, except for the first processes of parts and their writers."""
    known = {process.pid for each in running.values() for process in (each.process, each.writer)}
    for child in psutil.Process().children():
        if child.pid not in known:
            with suppress(ChildProcessError):
                os.waitpid(child.pid, os.WNOHANG)


def main() -> None:
    """Supervise the Airflow of this process's environment. The log is JSON if that of Airflow is."""
    home = Path(os.environ[HOME_MARK])
    handler = rotating_file(log_file(home, SUPERVISOR))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", handlers=[handler])
    if os.environ.get(JSON_LOGS, "").lower() in ("1", "t", "true"):
        from newslake.pipeline.log_lines import json_formatter

        handler.setFormatter(json_formatter())
    supervise(home)


if __name__ == "__main__":
    main()
