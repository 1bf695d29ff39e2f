"""A process that holds a lease: python -m tests.store.holder STORE KIND NAME.

It writes "held" or "not held", then answers each line of its input with whether the lease is held, until the end.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from newslake.pipeline.archive.leases import FileLeases
from newslake.pipeline.shared.database import PostgresDatabase
from newslake.pipeline.shared.leases import PostgresLeases
from tests.store.stores import is_held


def open_leases(store: dict[str, Any]) -> Any:
    """Return the leases that the options of a store name."""
    if "root" in store:
        return FileLeases(Path(store["root"], "archive"), lake=Path(store["root"], "lake"))
    database = PostgresDatabase(store["url"], schema=store["schema"], silence_seconds=store.get("silence_seconds", 25))
    return PostgresLeases(database, notice_seconds=0)


@contextmanager
def hold(leases: Any, kind: str, name: str) -> Iterator[Any]:
    """Hold a lease of a kind; yield it, None if a source is held by another process."""
    if kind == "claim":
        with leases.claim("inbox", name.split(",")) as names:
            yield sorted(names)
        return
    held = leases.source(name, waits=False) if kind == "source" else getattr(leases, kind)()
    with held as lease:
        yield lease


def take_turns(leases: Any, folder: Path) -> None:
    """Hold the committer's lease again and again, and note each turn in a file; end if another process holds it, too.

    A dead process may have left the file that says who is inside.
    """
    inside = folder / "inside"
    while True:
        with leases.committer() as lease:
            if inside.exists() and (pid := inside.read_text()) and _is_alive(pid):
                (folder / "broken").write_text(f"{pid} and {os.getpid()} are inside")
                return
            inside.write_text(str(os.getpid()))
            time.sleep(0.002)
            if not is_held(lease):
                (folder / "broken").write_text(f"{os.getpid()} has lost its lease")
                return
            with (folder / "turns").open("a") as turns:
                turns.write(f"{os.getpid()}\n")
            inside.unlink()


def _is_alive(pid: str) -> bool:
    """Return whether a process is alive: a dead one that its parent has not waited for has no command line."""
    try:
        return Path("/proc", pid, "cmdline").read_bytes() != b""
    except OSError:
        return False


def main(store: str, kind: str, name: str) -> None:
    if kind == "turns":
        return take_turns(open_leases(json.loads(store)), Path(name))
    with hold(open_leases(json.loads(store)), kind, name) as lease:
        sys.stdout.write("held\n" if lease else "not held\n")
        sys.stdout.flush()
        for _ in sys.stdin:
            sys.stdout.write(f"{is_held(lease)}\n")
            sys.stdout.flush()
    return None


if __name__ == "__main__":
    main(*sys.argv[1:])
