"""Kills of committers and of the catalog, over and over: `python -m tests.scale.table_faults [KILLS_A_STEP] [KILLS]`.

After each round the tables must have the rows of all batches, each once, in all tables, and no read in between may see
a part of a commit. It prints a line per round, and exits with 1 at the first difference.
"""

import json
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from newslake.pipeline.shared.tables import SharedTables
from tests.architecture.tree import ROOT
from tests.figures import out
from tests.scale.commit_tables import Work, last_stories
from tests.scale.postgres import PostgresServer
from tests.scale.seaweedfs import SeaweedFS, seaweedfs
from tests.scale.strict_reader import StrictReader
from tests.store.table_stores import new_shared_tables
from tests.unit.lake.rows import Story

STEPS = ("files", "staged", "sent", "indexed")
_KEYS = ("article_id", "revision_id")
_WRITERS, _BATCHES = 4, 6
_SECONDS = 300


def problems_of(tables: SharedTables) -> list[str]:
    """Return what is not consistent at one instant: the rows of all tables must be those of the same revisions."""
    heads = tables.heads()
    rows = {
        name: sorted(tuple(row.values()) for row in tables.read_at(heads, name, columns=_KEYS).to_pylist())
        for name in ("articles", "entities", "quotes", "events")
    }
    articles = rows["articles"]
    found = [] if len({each[0] for each in articles}) == len(articles) else ["an article is there twice"]
    found += [f"{name} differ" for name in ("entities", "quotes") if rows[name] != articles]
    return found + (
        [] if rows["events"] == [each for each in articles if int(each[0], 16) % 2 == 0] else ["events differ"]
    )


def differences(tables: SharedTables, stories: Mapping[str, Story]) -> list[str]:
    """Return what is not as after all batches: rows, states of the index, and the main branch that others read."""
    columns = (*_KEYS, "published_date")
    rows = [tuple(row.values()) for row in tables.read("articles", columns=columns).to_pylist()]
    wanted = sorted((each.article_id, each.revision_id, each.published_date) for each in stories.values())
    stored = [(each, state.revision_id, state.published_date) for each, state in tables.index.stored(stories).items()]
    table = tables.places.catalog.load_table((tables.places.namespace, "articles"))
    main = sorted(tuple(row.values()) for row in table.scan(selected_fields=columns).to_arrow().to_pylist())
    found = problems_of(tables)
    found += [] if sorted(rows) == wanted else ["articles are not those of the last batches"]
    found += [] if sorted(stored) == wanted else ["the index is not that of the tables"]
    return found + ([] if main == wanted else ["the main branch is not that of the heads"])


def start(tables: SharedTables, server: SeaweedFS, **work: int | str) -> subprocess.Popen[bytes]:
    """Start a process that commits the batches of a writer."""
    made = Work(
        endpoint=server.endpoint,
        catalog_url=server.catalog_url,
        database_url=server.database_url,
        namespace=tables.places.namespace,
        writer=int(work["writer"]),
        batches=int(work["batches"]),
        kill_at=str(work.get("kill_at", "")),
    )
    return subprocess.Popen([sys.executable, "-m", "tests.scale.commit_tables", made.argument()], cwd=ROOT)


def kill_committers(server: SeaweedFS, *, kills: int) -> dict[str, object]:
    """Kill committers at each step, some times each, while four of them work; return what was seen."""
    tables = new_shared_tables(server)
    todo = [step for step in STEPS for _ in range(kills)]
    batches = max(_BATCHES, 2 * kills * len(STEPS) // _WRITERS)
    killed = 0
    with StrictReader(tables, problems_of) as reader:
        running: dict[int, subprocess.Popen[bytes]] = {}
        left = set(range(_WRITERS))
        while left:
            for writer in sorted(left - running.keys()):
                kill_at = f"{todo.pop(secrets.randbelow(len(todo)))}:{1 + secrets.randbelow(2)}" if todo else ""
                running[writer] = start(tables, server, writer=writer, batches=batches, kill_at=kill_at)
            for writer, process in list(running.items()):
                if process.poll() is not None:
                    del running[writer]
                    killed += process.returncode == -9
                    left -= {writer} if process.returncode == 0 else set()
            time.sleep(0.05)
    found = reader.problems + differences(tables, last_stories(_WRITERS, batches))
    return {"kills": killed, "batches": batches * _WRITERS, "strict reads": reader.reads, "differences": found}


def kill_catalog(server: SeaweedFS, *, kills: int) -> dict[str, object]:
    """Kill and restart the catalog, with its object store, while two committers work; return what was seen."""
    tables = new_shared_tables(server)
    batches = 12 * max(kills, 1)
    with StrictReader(tables, problems_of) as reader:
        running = [start(tables, server, writer=number, batches=batches) for number in range(2)]
        for _ in range(kills):
            before = tables.heads().sequence
            while tables.heads().sequence < before + 3 and any(each.poll() is None for each in running):
                time.sleep(0.05)
            time.sleep(secrets.randbelow(500) / 1000)
            server.restart()
        codes = [each.wait(_SECONDS) for each in running]
    found = reader.problems + differences(tables, last_stories(2, batches))
    found += [] if codes == [0, 0] else [f"committers ended with {codes}"]
    return {"kills": kills, "batches": batches * 2, "strict reads": reader.reads, "differences": found}


def main(kills_a_step: int, kills: int) -> int:
    with (
        tempfile.TemporaryDirectory() as folder,
        seaweedfs(Path(folder) / "weed") as server,
        PostgresServer.running() as postgres,
    ):
        server.database_url = postgres.url
        for what, seen in (
            ("committers", kill_committers(server, kills=kills_a_step)),
            ("catalog", kill_catalog(server, kills=kills)),
        ):
            out.print(what, json.dumps(seen), soft_wrap=True)
            if seen["differences"]:
                return 1
    return 0


if __name__ == "__main__":
    arguments = [int(each) for each in sys.argv[1:]]
    sys.exit(main(*arguments, *(10, 3)[len(arguments) :]))
