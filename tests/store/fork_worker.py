"""`python -m tests.store.fork_worker CASE [URL SCHEMA]`: fork while another thread opens or uses a part of a store.

It prints what the child says, or "blocked" if the child says nothing within some seconds.
"""

import multiprocessing
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from newslake.pipeline.errors import NewsError
from newslake.pipeline.jobs.stores import open_store
from newslake.pipeline.settings import Settings

_SECONDS = 60.0
_HERE = "127.0.0.1"


def in_fork(work: Callable[[], str]) -> str:
    """Return what a child says that is forked now."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=lambda: there.send(work()))
    child.start()
    try:
        return str(here.recv()) if here.poll(_SECONDS) else "blocked"
    finally:
        child.kill()
        child.join()


@contextmanager
def silent_server() -> Iterator[int]:
    """Yield the port of a server that takes connections, and never answers; once one came, it is in ``accepted``."""
    with socket.create_server((_HERE, 0)) as server:
        yield server.getsockname()[1]


def while_connecting(server_port: int, work: Callable[[], object]) -> None:
    """Start work in a thread; return once it waits for the server."""
    threading.Thread(target=lambda: _quietly(work), daemon=True).start()
    known = f":{server_port:04X} "
    while not any(known in line and " 01 " in line for line in Path("/proc/net/tcp").read_text().splitlines()):
        time.sleep(0.01)


def _quietly(work: Callable[[], object]) -> None:
    try:
        work()
    except NewsError:
        return


def settings(port: int, *, catalog_port: int | None = None) -> Settings:
    """Return the settings of a shared store whose services are all at one port, or the catalog at another."""
    return Settings.load(
        store="shared",
        data_dir=Path(os.environ["TMPDIR"]),
        database_url=f"postgresql://newslake@{_HERE}:{port}/newslake",
        objects_url="s3://lake/news",
        objects_endpoint=f"http://{_HERE}:{port}",
        objects_region="us-east-1",
        catalog_url=f"http://{_HERE}:{catalog_port or port}",
        catalog_warehouse="s3://warehouse",
    )


def fork_in_a_query(url: str, schema: str) -> str:
    """Fork while a thread waits for the answer to a query; the child makes one, too."""
    from newslake.pipeline.shared.database import PostgresDatabase

    database = PostgresDatabase(url, schema=schema)
    database.query("SELECT 1")
    threading.Thread(target=lambda: database.query("SELECT pg_sleep(600)"), daemon=True).start()
    watcher = PostgresDatabase(url, schema=schema)
    while not watcher.query("SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)'"):
        time.sleep(0.01)
    return in_fork(lambda: f"answered {database.query('SELECT 7')[0][0]}")


def fork_while_a_part_opens() -> str:
    """Fork while a thread opens the bucket of a store, and waits for the database; the child opens another part."""
    with silent_server() as port:
        from newslake.pipeline.shared.store import SharedStore

        store = SharedStore(settings(port))
        while_connecting(port, lambda: store.objects)
        return in_fork(lambda: f"opened {type(store.leases).__name__}")


def fork_while_files_open() -> str:
    """Fork while a thread opens the files of a store, and waits for the catalog; the child opens those of another."""
    with silent_server() as port, socket.create_server((_HERE, 0)) as closed:
        nobody = closed.getsockname()[1]
        closed.close()
        while_connecting(port, lambda: open_store(settings(port)).files)

        def read() -> str:
            try:
                open_store(settings(port, catalog_port=nobody)).files.pin()  # type: ignore[union-attr]
            except NewsError as error:
                return f"failed: {error.reason}"
            return "read"

        return in_fork(read)


def fork_while_classes_load() -> str:
    """Fork while a thread loads the classes of the shared store; the child opens the store.

    Return "too late" if they were loaded before the fork.
    """
    given = settings(1)
    threading.Thread(target=lambda: open_store(given), daemon=True).start()
    while "newslake.pipeline.shared.store" not in sys.modules:
        time.sleep(0)
    if hasattr(sys.modules["newslake.pipeline.shared.store"], "SharedStore"):
        return "too late"
    return in_fork(lambda: f"opened {type(open_store(given)).__name__}")


CASES: dict[str, Callable[..., str]] = {
    "query": fork_in_a_query,
    "part": fork_while_a_part_opens,
    "files": fork_while_files_open,
    "classes": fork_while_classes_load,
}

if __name__ == "__main__":
    case, *given = sys.argv[1:]
    sys.stdout.write(CASES[case](*given))
    sys.stdout.flush()
    os._exit(0)  # threads may wait for a minute
