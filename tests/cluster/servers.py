"""Redis of Debian on a free port of 127.0.0.1, and the packages that the cluster test needs."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from news_airflow.supervisor import start

from tests.scale.postgres import find_program

PACKAGES = {"initdb": "postgresql", "redis-server": "redis-server"}


def install_missing() -> list[str]:
    """Install missing packages with apt-get; return their names.

    A package may start its own service, depending on the system's policy; ours run in parallel, on their own ports.
    """
    missing = [package for program, package in PACKAGES.items() if find_program(program) is None]
    if missing:
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            raise SystemExit(f"cluster-test needs {' and '.join(missing)}; install it, or run as root on Debian")
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for step in (["update", "-qq"], ["install", "-qq", "-y", "--no-install-recommends", *missing]):
            subprocess.run(["apt-get", *step], env=quiet, stdout=subprocess.DEVNULL, check=True)
    return missing


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
