"""Airflow on this machine: `python -m news_airflow.local_airflow up`, `down`, and `airflow ...` for Airflow's commands.

All files are in ``AIRFLOW_HOME``, by default ``.airflow`` of the project. It uses SQLite and the local executor. The
web server listens only on 127.0.0.1, and requires the password that ``up`` creates and prints. Existing environment
variables have precedence. A second Airflow needs another home; a port that is in use is replaced by a free one.
"""

import argparse
import json
import logging
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import psutil

from news_airflow.lineage_settings import lineage_environment
from news_airflow.metrics import metrics_environment
from news_airflow.supervisor import (
    GRACE_SECONDS,
    JSON_LOGS,
    SUPERVISOR,
    kill,
    log_file,
    processes,
    start,
    wait_until_gone,
)

log = logging.getLogger(__name__)

ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"
PORT = "AIRFLOW__API__PORT"
USERS = "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"
PASSWORDS_FILE = "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"
ADMIN, ADMIN_PASSWORD = "admin", "AIRFLOW_ADMIN_PASSWORD"
DATABASE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
HEALTH_KEYS = {"scheduler": "scheduler", "dag-processor": "dag_processor", "triggerer": "triggerer"}


def environment(home: Path) -> dict[str, str]:
    """Return the environment of an Airflow with its files in ``home``. Set it before airflow is imported.

    Paths are absolute, because components have no fixed working directory.
    """
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        USERS: f"{ADMIN}:admin",
        PASSWORDS_FILE: str(home / "passwords.json"),
        "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "30",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "90",
        # The interval at which a restarted scheduler looks for tasks of the dead one; the default is 300 s.
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "30",
        # The time after which the watchers of a dead triggerer move to another one.
        "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "15",
        "AIRFLOW__API__HOST": HOST,
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
        DATABASE: f"sqlite:///{home / 'airflow.db'}",
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "plugins"))),
        "NEWS_DATA_DIR": str(ROOT / "data"),
        "NEWS_SOURCES_FILE": str(ROOT / "sources.toml"),
        "NEWS_OVERRIDES_FILE": str(ROOT / "overrides.toml"),
        "NEWS_ALERTS_FILE": str(ROOT / "alerts.toml"),
    }


def main() -> None:
    """Run one command for the Airflow of this environment."""
    parser = argparse.ArgumentParser(prog="news_airflow.local_airflow", description="Airflow on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    starting = commands.add_parser("up", help="start Airflow and wait until it is healthy")
    starting.add_argument("--seconds", type=float, default=180, help="maximum wait in seconds (default %(default)s)")
    commands.add_parser("down", help="stop Airflow")
    commands.add_parser("prepare", help="create configuration, database and pools; included in up")
    commands.add_parser("login", help="store the admin's password; included in up")
    commands.add_parser("airflow", help="run a command of Airflow with the same settings", add_help=False)
    options, rest = parser.parse_known_args()
    if rest and options.command != "airflow":
        parser.error(f"{options.command} does not take {' '.join(rest)}")
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    home = Path(os.environ.get("AIRFLOW_HOME", ROOT / ".airflow")).resolve()
    if options.command == "up":
        up(home, seconds=options.seconds)
    elif options.command == "down":
        down(home)
    elif options.command == "prepare":
        prepare()
    elif options.command == "login":
        admin_password(Path(os.environ.get(PASSWORDS_FILE, home / "passwords.json")))
    else:
        run_airflow(home, rest)


def run_airflow(home: Path, words: Sequence[str]) -> None:
    """Put the command line of Airflow in the place of this process, with the settings of ``up``."""
    if not (home / "airflow.db").is_file() and DATABASE not in os.environ:
        sys.stderr.write(f"{home} has no database of Airflow yet; run `make up` first\n")
    airflow = str(Path(sys.executable).with_name("airflow"))
    os.execve(airflow, [airflow, *words], _whole_environment(home, port=_preferred_port()))  # noqa: S606 - no shell, our program


def up(home: Path, *, seconds: float) -> None:
    """Start an Airflow as separate processes and return when all its parts are healthy.

    Raises: SystemExit with the cause and the log to read.
    """
    for running in processes(home, SUPERVISOR):
        whole = running.environ()
        _wait_until_healthy(home, whole[PORT], seconds=seconds, since=running.create_time())
        log.info("Airflow is already up: http://127.0.0.1:%s", whole[PORT])
        _print_login(whole)
        return
    kill(partial(processes, home))  # leftovers of a killed supervisor
    (home / "logs").mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)  # it has passwords, keys and logs
    with _reserved_port(_preferred_port()) as port:
        whole = _whole_environment(home, port=port)
        admin_password(Path(whole[PASSWORDS_FILE]))
        _run_prepare(home, whole)
        supervisor = start(home, SUPERVISOR, [sys.executable, "-m", "news_airflow.supervisor"], environment=whole)
        since = psutil.Process(supervisor.pid).create_time()
        _wait_until_healthy(home, whole[PORT], seconds=seconds, since=since)
    log.info("Airflow is up: http://127.0.0.1:%s (logs in %s)", whole[PORT], home / "logs")
    _print_login(whole)


def down(home: Path) -> None:
    """Stop every process of an Airflow, also children of dead parents."""
    running = processes(home)
    for supervisor in processes(home, SUPERVISOR):
        supervisor.terminate()
    wait_until_gone(partial(processes, home, SUPERVISOR), seconds=GRACE_SECONDS + 10)
    kill(partial(processes, home))
    log.info("Airflow is down: %s processes stopped", len(running)) if running else log.info("Airflow is not up")


def prepare() -> None:
    """Create the shared parts of this environment's Airflow: configuration, database, pools.

    Raises: NewsError for settings that would fail every task.
    """
    from airflow.configuration import write_default_airflow_configuration_if_needed
    from airflow.models.pool import Pool
    from airflow.utils.db import initdb

    from news_airflow.defaults import POOLS
    from newslake.pipeline.jobs.pipeline_version import version_of
    from newslake.pipeline.settings import Settings

    version_of(Settings.load())
    # It has the encryption key of stored triggers. Parts that start at once would each create their own.
    write_default_airflow_configuration_if_needed()
    initdb()
    for name, (slots, description) in POOLS.items():
        Pool.create_or_update_pool(name, slots, description, include_deferred=False)


def unhealthy_parts(port: str, *, since: float) -> list[str]:
    """Return the parts without a healthy heartbeat after ``since`` (seconds since the epoch)."""
    health = _health(port)
    if health is None:
        return ["api-server"]
    return [part for part, key in HEALTH_KEYS.items() if not _is_alive(health[key], key, since)]


def _is_alive(health: Mapping[str, str | None], key: str, since: float) -> bool:
    beat = health[f"latest_{key}_heartbeat"]
    # Airflow reports a killed part as healthy for a short time.
    return health["status"] == "healthy" and beat is not None and datetime.fromisoformat(beat).timestamp() >= since


def _health(port: str) -> Any:
    connection = HTTPConnection(HOST, int(port), timeout=10)
    try:
        connection.request("GET", "/api/v2/monitor/health")
        return json.loads(connection.getresponse().read())
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        connection.close()


def _wait_until_healthy(home: Path, port: str, *, seconds: float, since: float) -> None:
    deadline = time.monotonic() + seconds
    while waiting := unhealthy_parts(port, since=since):
        if not processes(home, SUPERVISOR):
            raise SystemExit(f"Airflow did not start; read {log_file(home, SUPERVISOR)}")
        if time.monotonic() > deadline:
            logs = ", ".join(str(log_file(home, part)) for part in waiting)
            raise SystemExit(
                f"not healthy after {seconds:.0f} s: {', '.join(waiting)}; read {logs}. Airflow keeps trying: "
                "`make up` waits again, `make down` stops it"
            )
        time.sleep(0.5)


def _whole_environment(home: Path, *, port: int) -> dict[str, str]:
    ours = environment(home)
    return {
        **ours,
        "AIRFLOW__API__BASE_URL": f"http://{HOST}:{port}",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://{HOST}:{port}/execution/",
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        **metrics_environment(os.environ),
        **lineage_environment(os.environ),
        JSON_LOGS: str(_log_format() == "json"),
        **os.environ,
        PORT: str(port),
        "AIRFLOW_HOME": str(home),
        "PYTHONPATH": os.pathsep.join(filter(None, (ours["PYTHONPATH"], os.environ.get("PYTHONPATH")))),
    }


def _log_format() -> str:
    from newslake.pipeline.environment import log_format
    from newslake.pipeline.errors import NewsError

    try:
        return log_format()
    except NewsError as error:
        raise SystemExit(str(error)) from error


# The port.


def _preferred_port() -> int:
    from newslake.pipeline.addons.airflow.settings import AirflowSettings
    from newslake.pipeline.errors import NewsError
    from newslake.pipeline.settings import Settings

    try:
        return int(os.environ.get(PORT) or Settings.load().of(AirflowSettings).airflow_port)
    except NewsError as error:
        raise SystemExit(str(error)) from error


@contextmanager
def _reserved_port(preferred: int) -> Iterator[int]:
    """Yield the preferred port, or a free one if it is in use; keep it from other starts of an Airflow in the block."""
    problem = ""
    try:
        reservation = _reserve(preferred)
    except OSError as error:
        problem, reservation = f"port {preferred} of {HOST} cannot be used ({error.strerror})", _reserve_free()
    with reservation:
        port = int(reservation.getsockname()[1])
        if problem:
            log.info("%s: Airflow takes port %s instead. NEWS_AIRFLOW_PORT sets the port", problem, port)
        yield port


def _reserve_free() -> socket.socket:
    while True:
        with suppress(OSError):  # a TCP server may have the number of a free UDP port
            return _reserve(0)


def _reserve(port: int) -> socket.socket:
    """Return a socket that reserves a port; 0 selects a free one. Raises: OSError if it is in use or reserved.

    It is the UDP port of the same number, so that the web server can bind the TCP port.
    """
    reservation = socket.socket(type=socket.SOCK_DGRAM)
    try:
        reservation.bind((HOST, port))
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(reservation.getsockname())
    except OSError:
        reservation.close()
        raise
    return reservation


# The login.


def admin_password(file: Path) -> str:
    """Return the admin's password: that of the environment, else the stored one, else a new one. Store it.

    The file is in the format of Airflow's simple auth manager, and only its owner can read it.
    """
    try:
        stored = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    except ValueError as error:
        raise SystemExit(f"{file} is not a JSON file of passwords; delete it to get a new one ({error})") from error
    password = os.environ.get(ADMIN_PASSWORD) or stored.get(ADMIN) or secrets.token_urlsafe(16)
    written = file.with_suffix(".new")
    written.unlink(missing_ok=True)
    written.touch(mode=0o600)
    written.write_text(json.dumps({**stored, ADMIN: password}), "utf-8")
    written.replace(file)
    return str(password)


def _print_login(whole: Mapping[str, str]) -> None:
    if whole.get(USERS) == environment(Path())[USERS]:
        file = Path(whole[PASSWORDS_FILE])
        log.info("log in as %s with the password %s (it is in %s)", ADMIN, admin_password(file), file)


def _run_prepare(home: Path, whole: dict[str, str]) -> None:
    path = log_file(home, "prepare")
    with path.open("wb") as output:
        done = subprocess.run(
            [sys.executable, "-m", "news_airflow.local_airflow", "prepare"],
            env=whole,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode != 0:
        raise SystemExit(f"Airflow cannot be prepared; read {path}")


if __name__ == "__main__":
    main()
