"""`python -m tests.engines.exchange_worker ENGINE FOLDER CHANNEL`: reads a table repeatedly, under supervision.

For each line of the channel, "one" or "all", it runs that code of engines.md, and answers with the number of rows
of each day, or with the engine's error; and whether the page's check of the folders noticed an exchange.
"""

import json
import os
import socket
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from tests.engines.engine_worker import ASK, as_arrow
from tests.engines.supervisor import request_supervision

KEY = ("published_date", "article_id", "quote_index")
WAYS = ("one", "all")


def rows_by_day(engine: str, way: str) -> dict[str, int]:
    """Return the number of quotes of each day."""
    names: dict[str, Any] = {}
    exec(Path(f"{way}.py").read_text("utf-8"), names)
    if way == "one":
        found = as_arrow(names["quotes"])
    else:
        db = names["spark" if engine == "spark" else "db"]
        found = as_arrow(ASK[engine](db, f"SELECT {', '.join(KEY)} FROM quotes_stored"))
    rows = list(zip(*(found[name].to_pylist() for name in KEY), strict=True))
    return dict(sorted(Counter(str(day)[:10] for day, *_ in rows).items()))


def answer(engine: str, way: str) -> dict[str, Any]:
    """Return the answer of one reading."""
    check: dict[str, Any] = {}
    exec(Path("check.py").read_text("utf-8"), check)
    before = check["folders"]()
    try:
        found: dict[str, Any] = {"days": rows_by_day(engine, way)}
    except BaseException as error:  # noqa: BLE001 - each engine has its own classes, and a panic is no Exception
        found = {"error": f"{type(error).__name__}: {error}"[:300]}
    return found | {"is_noticed": check["folders"]() != before}


def main(engine: str, folder: str, channel: int) -> None:
    """Answer until the channel is closed."""
    os.chdir(folder)
    line = socket.socket(fileno=channel)
    if engine != "spark":  # its JVM must be started under supervision
        for way in filter(lambda way: Path(f"{way}.py").exists(), WAYS):
            answer(engine, way)  # loads the engine
    listener = request_supervision()
    socket.send_fds(line, [b"."], [listener])
    os.close(listener)
    with line.makefile("r") as ways:
        for way in ways:
            line.sendall(json.dumps(answer(engine, way.strip())).encode() + b"\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
