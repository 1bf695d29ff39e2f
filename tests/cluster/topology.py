"""The cluster of docker-compose.yaml as processes of this machine: same commands, settings and checks.

Each service has its own AIRFLOW_HOME, like a container: they share only what the settings share.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg2
from news_airflow.supervisor import HOME_MARK, PART_MARK, kill, log_file, processes, start, wait_until_gone

from tests.cluster import compose
from tests.cluster.servers import redis
from tests.scale.postgres import PostgresServer, free_ports

SERVICES = {"api": "api", "scheduler": "scheduler", "dag-processor": "dag-processor", "triggerer": "triggerer"}
WORKERS = {"worker-1": "worker", "worker-2": "worker"}
PARTS = SERVICES | WORKERS
_UNFINISHED = """SELECT (SELECT count(*) FROM dag_run WHERE state IN ('queued', 'running'))
    + (SELECT count(*) FROM asset_partition_dag_run WHERE created_dag_run_id IS NULL)"""
SITE = Path(__file__).parent / "site"


class Cluster:
    """A running cluster. Parts have the names of services, workers with a number. ``file`` is its compose file."""

    file = compose.CLUSTER

    def __init__(self, root: Path, *, variables: Mapping[str, str], extra: Mapping[str, str]) -> None:
        self.root = root
        self.data = root / "data"
        self.password = variables["POSTGRES_PASSWORD"]
        self.admin_password = variables["AIRFLOW_ADMIN_PASSWORD"]
        self.postgres_port, self.redis_port, self.api_port, self._health_port, *self._log_ports = free_ports(
            4 + len(PARTS)
        )
        self._written = compose.airflow_services(variables, file=self.file)
        self._extra = extra

    @contextmanager
    def up(self) -> Iterator[None]:
        """Run all parts in the block; afterwards, no process is left, also after an error."""
        try:
            with ExitStack() as servers:
                self.start_servers(servers)
                try:
                    self._prepare()
                    for parts in (SERVICES, WORKERS):  # workers wait for the API, as in the file
                        for part in parts:
                            self.start(part)
                        self.wait_until_healthy(parts)
                    yield
                finally:
                    self._end_parts()
        finally:
            kill(lambda: processes(self.root))

    def start_servers(self, servers: ExitStack) -> None:
        """Start what Airflow needs; the stack ends it."""
        place = {"folder": self.root / "postgres", "port": self.postgres_port, "password": self.password}
        servers.enter_context(PostgresServer.running(**place))
        servers.enter_context(redis(self.root, port=self.redis_port))

    def data_of(self, part: str) -> Path:
        """Return the data root of a part."""
        return self.data

    def start(self, part: str) -> None:
        """Start a part like its container: the service's entrypoint or the image's, its command and environment."""
        service = self.service_of(part)
        command = [*service.get("entrypoint", (sys.executable, "-m", "airflow")), *service["command"]]
        if part in WORKERS:
            command += ["--celery-hostname", part]
        start(self.root, part, command, environment=service["environment"])

    def kill(self, part: str) -> None:
        """Kill a part with all its children, like the death of its machine."""
        kill(lambda: processes(self.root, part))

    def restart(self, part: str) -> None:
        """Restart a dead part, like ``restart: always``, and wait until it is healthy."""
        self.start(part)
        self.wait_until_healthy([part])

    def wait_until_healthy(self, parts: Any, *, seconds: float = 240) -> None:
        """Wait until the health check of each part in the file succeeds."""
        deadline = time.monotonic() + seconds
        waiting = list(parts)
        while waiting:
            if time.monotonic() > deadline:
                raise AssertionError(f"{waiting} not healthy after {seconds:.0f} s")
            waiting = [part for part in waiting if not self._is_healthy(part)]
            time.sleep(0.5)

    def is_settled(self) -> bool:
        """Return whether no run is active and no announced day waits for a run."""
        with closing(self._connect()) as connection, connection.cursor() as cursor:
            cursor.execute(_UNFINISHED)
            return bool(cursor.fetchone() == (0,))

    def _connect(self) -> Any:
        return psycopg2.connect(
            host="127.0.0.1", port=self.postgres_port, user="newslake", password=self.password, dbname="newslake"
        )

    def log_tails(self, lines: int = 15) -> str:
        """Return the ends of all logs, for the message of a failure."""
        found = []
        for path in (*sorted(log_file(self.root, "x").parent.glob("*.log")), self.root / "postgres" / "postgres.log"):
            tail = path.read_text("utf-8", "replace").splitlines()[-lines:]
            found.append(f"--- {path.name}\n" + "\n".join(line[:300] for line in tail))
        return "\n".join(found)

    def part_of(self, pid: int) -> str | None:
        """Return the part of a process; None if it has ended."""
        try:
            environment = psutil.Process(pid).environ()
        except psutil.Error:
            return None
        return environment.get(PART_MARK) if environment.get(HOME_MARK) == str(self.root) else None

    def _prepare(self) -> None:
        command = [sys.executable, "-m", "news_airflow.local_airflow", "prepare"]
        with log_file(self.root, "init").open("wb") as output:
            environment = self.service_of("init")["environment"]
            subprocess.run(command, env=environment, stdout=output, stderr=subprocess.STDOUT, check=True)

    def _is_healthy(self, part: str) -> bool:
        service = self.service_of(part)
        kind, *command = service["healthcheck"]["test"]
        if kind == "CMD-SHELL":
            command = ["sh", "-c", *command]
        return subprocess.run(command, env=service["environment"], capture_output=True, check=False).returncode == 0

    def _end_parts(self) -> None:
        def of_airflow() -> list[Any]:
            return [each for part in PARTS for each in processes(self.root, part)]

        for process in of_airflow():
            process.terminate()
        wait_until_gone(of_airflow, seconds=5)
        kill(of_airflow)

    def service_of(self, part: str) -> dict[str, Any]:
        """Return a service with this machine's paths and ports, and settings for several services on one machine."""
        home = self.root / "homes" / part
        home.mkdir(parents=True, exist_ok=True)
        service = compose.replaced(self._written[PARTS.get(part, part)], self.places(part, home))
        log_port = str(self._log_ports[list(PARTS).index(part)]) if part in PARTS else "0"
        service["environment"] |= {
            "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}",
            "LANG": "C.UTF-8",
            "HOME": str(home),
            "USER": "airflow",
            "HOSTNAME": part,
            "AIRFLOW_HOME": str(home),
            "PYTHONPATH": os.pathsep.join(map(str, (SITE, compose.ROOT, compose.ROOT / "plugins"))),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.api_port),
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": log_port,
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": log_port,
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(self._health_port),
            **self._extra,
        }
        return service

    def places(self, part: str, home: Path) -> dict[str, str]:
        """Return the hosts, ports and folders of this machine for those in the file, as a part sees them."""
        here = "127.0.0.1"
        return {
            "/opt/newslake/data": str(self.data_of(part)),
            "/opt/newslake/sources.toml": str(self.root / "sources.toml"),
            "/opt/newslake": str(compose.ROOT),
            "/opt/airflow/logs": str(self.root / "task-logs"),
            "/opt/airflow": str(home),
            "@postgres:5432": f"@{here}:{self.postgres_port}",
            "redis:6379": f"{here}:{self.redis_port}",
            "http://api:8080": f"http://{here}:{self.api_port}",
            "127.0.0.1:8080": f"{here}:{self.api_port}",
            "127.0.0.1:8974": f"{here}:{self._health_port}",
        }
