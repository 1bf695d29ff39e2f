"""A process that holds a lease: python -m tests.store.holder STORE KIND NAME.

It writes "held" or "not held", then answers each line of its input with whether the lease is held, until the end.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.archive.leases import FileLeases
from pipeline.shared.database import PostgresDatabase
from pipeline.shared.leases import PostgresLeases


def open_leases(store: dict[str, Any]) -> Any:
    """Return the leases that the options of a store name."""
    if "root" in store:
        return FileLeases(Path(store["root"], "archive"), lake=Path(store["root"], "lake"))
    database = PostgresDatabase(store["url"], schema=store["schema"], silence_seconds=store.get("silence_seconds", 25))
    return PostgresLeases(database, restart_seconds=0)


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


def main(store: str, kind: str, name: str) -> None:
    with hold(open_leases(json.loads(store)), kind, name) as lease:
        sys.stdout.write("held\n" if lease else "not held\n")
        sys.stdout.flush()
        for _ in sys.stdin:
            sys.stdout.write(f"{lease.is_held()}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
