"""PostgreSQL as processes of this machine: on a free port of 127.0.0.1, with its files in a folder of its own.

It imports no driver, so that the cluster test can use it from an environment with another one.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

USER = DATABASE = "newslake"
_START_SECONDS = 60.0
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "max_connections": "300",
}


def find_program(name: str) -> Path | None:
    """Return the path of a program of PostgreSQL, of the newest version; None if it is not installed.

    Debian's servers are not on the path, but in one folder per version.
    """
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    found = versions[-1] if versions else shutil.which(name)
    return None if found is None else Path(found)


def free_ports(count: int) -> list[int]:
    """Return free ports of 127.0.0.1."""
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


class PostgresServer:
    """A PostgreSQL with the user and the database ``newslake``; it can be killed and started again.

    ``folder`` must be readable for the user ``postgres`` if this process is root, because the server refuses to run
    as root. Its log is ``postgres.log`` there. fsync is off: a kill loses nothing, only power loss would.
    """

    def __init__(self, folder: Path, *, port: int, password: str) -> None:
        self.folder = folder
        self.port = port
        self.password = password
        self._server: subprocess.Popen[bytes] | None = None

    @classmethod
    @contextmanager
    def running(
        cls,
        *,
        folder: Path | None = None,
        port: int | None = None,
        password: str = "drift-wood",
        locale: Sequence[str] = ("--locale=C.UTF-8",),
        **settings: str,
    ) -> Iterator[Self]:
        """Yield a server that accepts connections, by default on a free port and in a temporary folder.

        ``locale`` are options of initdb; ``settings`` are in the configuration file. Afterwards no process is left.
        """
        with tempfile.TemporaryDirectory(prefix="newslake-postgres-") as temporary:
            os.chmod(temporary, 0o755)
            server = cls(folder or Path(temporary, "postgres"), port=port or free_ports(1)[0], password=password)
            server.create(locale, settings)
            try:
                server.start()
                server.run("createdb", DATABASE)
                yield server
            finally:
                server.stop()

    @property
    def url(self) -> str:
        """The URL of the database, with the password."""
        return self.url_at(self.port)

    def url_at(self, port: int, *, user: str = USER, password: str | None = None, database: str = DATABASE) -> str:
        """Return the URL of a database through a port, that of a proxy for example."""
        return f"postgresql://{user}:{password or self.password}@127.0.0.1:{port}/{database}"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def pid(self) -> int:
        """The id of the server's first process."""
        assert self._server is not None
        return self._server.pid

    def create(self, locale: Sequence[str], settings: Mapping[str, str]) -> None:
        """Create the files of the server."""
        self.folder.mkdir()
        secret = self.folder / "password"
        secret.write_text(self.password)
        if os.geteuid() == 0:
            for path in (self.folder, secret):
                shutil.chown(path, "postgres")
        options = [f"--username={USER}", "--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8", "--no-sync"]
        command = [*as_user(), str(find_program("initdb")), f"--pgdata={self.data}", *locale, *options]
        subprocess.run(command, stdout=subprocess.DEVNULL, cwd=self.folder, check=True)
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in {**_SETTINGS, **settings}.items())

    def start(self) -> None:
        """Start the server and wait until it accepts connections."""
        command = [*as_user(), str(find_program("postgres")), "-D", str(self.data), "-p", str(self.port)]
        with (self.folder / "postgres.log").open("ab") as output:
            self._server = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True
            )
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until the server accepts connections. Raises: AssertionError with the end of its log."""
        command = [str(find_program("pg_isready")), "--host=127.0.0.1", f"--port={self.port}", f"--username={USER}"]
        deadline = time.monotonic() + _START_SECONDS
        while subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode:
            if time.monotonic() > deadline or self._server is None or self._server.poll() is not None:
                raise AssertionError((self.folder / "postgres.log").read_text("utf-8", "replace")[-2000:])
            time.sleep(0.05)

    def run(self, program: str, *options: str) -> str:
        """Run a client program as the owner of the server; return its output."""
        place = ["--host=127.0.0.1", f"--port={self.port}", f"--username={USER}"]
        environment = {**os.environ, "PGPASSWORD": self.password, "LC_ALL": "C"}
        command = [str(find_program(program)), *place, *options]
        return subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout

    def execute(self, sql: str, *, database: str = DATABASE) -> str:
        """Run SQL as the owner; return the rows, with columns separated by "|"."""
        return self.run("psql", "--no-psqlrc", "-qAt", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql).strip()

    def kill(self) -> None:
        """Kill all processes of the server at once, like the death of its machine."""
        assert self._server is not None
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        for pid in (self.pid, *map(int, children)):  # each has a session of its own
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._server.wait(timeout=30)
        while any(Path("/proc", pid).exists() for pid in children):
            time.sleep(0.01)

    def restart(self) -> None:
        """Start a dead server again; it recovers first."""
        self.start()

    def stop(self) -> None:
        """Shut the server down; its clients lose their connections."""
        if self._server is not None and self._server.poll() is None:
            self._server.send_signal(signal.SIGINT)
            try:
                self._server.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.kill()


def as_user() -> list[str]:
    """Return the start of a command that runs as the user ``postgres`` if this process is root."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []
