"""PostgreSQL and Redis of Debian, on free ports of 127.0.0.1, with their files in a temporary folder."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from news_airflow.supervisor import start

PACKAGES = {"initdb": "postgresql", "redis-server": "redis-server"}


def install_missing() -> list[str]:
    """Install missing packages with apt-get; return their names.

    A package may start its own service, depending on the system's policy; ours run in parallel, on their own ports.
    """
    missing = [package for program, package in PACKAGES.items() if _program(program) is None]
    if missing:
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            raise SystemExit(f"cluster-test needs {' and '.join(missing)}; install it, or run as root on Debian")
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for step in (["update", "-qq"], ["install", "-qq", "-y", "--no-install-recommends", *missing]):
            subprocess.run(["apt-get", *step], env=quiet, stdout=subprocess.DEVNULL, check=True)
    return missing


def free_ports(count: int) -> list[int]:
    """Return free ports of 127.0.0.1."""
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


@contextmanager
def postgres(home: Path, *, port: int, password: str) -> Iterator[None]:
    """Run a PostgreSQL with the user and database ``newslake`` in the block."""
    folder = home / "postgres"
    folder.mkdir()
    secret = folder / "password"
    secret.write_text(password)
    as_user: list[str] = []
    if os.geteuid() == 0:  # it refuses to run as root
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
        for path in (folder, secret):
            shutil.chown(path, "postgres")
    data = folder / "data"
    options = ["--username=newslake", "--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8", "--no-sync"]
    subprocess.run(
        [*as_user, str(_program("initdb")), f"--pgdata={data}", *options],
        stdout=subprocess.DEVNULL,
        cwd=folder,
        check=True,
    )
    command = [str(_program("postgres")), "-D", str(data), "-p", str(port)]
    for setting in ("listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "max_connections=300"):
        command += ["-c", setting]
    server = start(home, "postgres", [*as_user, *command], environment={**os.environ, "LC_ALL": "C"})
    try:
        place = ["--host=127.0.0.1", f"--port={port}", "--username=newslake"]
        _until([str(_program("pg_isready")), *place])
        login = {**os.environ, "PGPASSWORD": password}
        subprocess.run([str(_program("createdb")), *place, "newslake"], env=login, check=True)
        yield
    finally:
        _end(server, signal.SIGINT)


@contextmanager
def redis(home: Path, *, port: int) -> Iterator[None]:
    """Run a Redis in the block."""
    folder = home / "redis"
    folder.mkdir()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--appendonly", "yes"]
    server = start(home, "redis", command, environment=dict(os.environ))
    try:
        _until(["redis-cli", "-p", str(port), "ping"])
        yield
    finally:
        _end(server, signal.SIGTERM)


def _program(name: str) -> Path | None:
    """Return a program's path. Debian's PostgreSQL servers are not on the path, but in one folder per version."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    found = versions[-1] if versions else shutil.which(name)
    return None if found is None else Path(found)


def _until(command: list[str]) -> None:
    for _ in range(100):
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        if done.returncode == 0:
            return
        time.sleep(0.2)
    raise SystemExit(f"no response after 20 s: {' '.join(command)}")


def _end(server: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Stop a server with the signal for a clean shutdown."""
    server.send_signal(number)
    server.wait(timeout=30)
