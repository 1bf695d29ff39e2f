"""A real Airflow api-server with our plugin on its own port, without the other components."""

import json
import os
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from time import monotonic, sleep

from news_airflow.local_airflow import PASSWORDS_FILE, USERS, environment
from news_airflow.supervisor import kill, log_file, processes, start

from tests.scheduler.machine import NOW, free_port

PASSWORDS = {"editor": "harbour lights", "reader": "slack water"}
ROLES = {"editor": "admin", "reader": "viewer"}
JWT_SECRET = "of one test run, and long enough that nobody warns about its length " * 2
ALLOWED_HOST = "news.example.org"
_PART = "api-server"
_BOOT_SECONDS = 600


@contextmanager
def airflow_pages(root: Path) -> Iterator[Callable[[], str]]:
    """Start an api-server that requires a login, on the data root ``root``; stop it afterwards.

    Yields a function that waits until it answers and returns its origin. Airflow's files are in the root next to the
    lake; the lake may be created while it starts.
    """
    home, port = (root / "airflow").resolve(), free_port()
    (home / "logs").mkdir(parents=True)
    (home / "passwords.json").write_text(json.dumps(PASSWORDS))
    command = f"{shlex.quote(sys.executable)} -m news_airflow.local_airflow prepare && exec airflow api-server"
    start(home, _PART, ["sh", "-c", command], environment=_environment(home, port, root))
    try:
        yield partial(_origin, port, log_file(home, _PART))
    finally:
        kill(partial(processes, home))


def _environment(home: Path, port: int, data: Path) -> dict[str, str]:
    given = {name: value for name, value in os.environ.items() if not name.startswith(("NEWS_", "AIRFLOW", "_AIRFLOW"))}
    ours = {
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API_AUTH__JWT_SECRET": JWT_SECRET,
        USERS: ",".join(f"{name}:{role}" for name, role in ROLES.items()),
        PASSWORDS_FILE: str(home / "passwords.json"),
        "NEWS_ALLOWED_HOSTS": ALLOWED_HOST,
        "NEWS_DATA_DIR": str(data),
        "NEWS_SOURCES_FILE": str(data / "sources.toml"),
        "NEWS_FROZEN_NOW": NOW.isoformat(),
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
    }
    return given | environment(home) | ours


def _origin(port: int, log: Path) -> str:
    deadline = monotonic() + _BOOT_SECONDS
    while not _answers(port):
        assert monotonic() < deadline, f"no api-server after {_BOOT_SECONDS} s: {log.read_text()[-3000:]}"
        sleep(0.2)
    return f"http://127.0.0.1:{port}"


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/api/v2/version")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
