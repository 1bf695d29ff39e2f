"""A worker of one host: python -m tests.store.host_worker SOURCE PAGES COMMON, with the settings in the environment.

It holds the source again and again, and requests pages of its host meanwhile. Before it starts, it writes "ready" and
waits for a line of its input; at the end it writes what it did as JSON.
"""

import json
import os
import sys
import time
from pathlib import Path

from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings


def work(space: Workspace, source_key: str, pages: int, common: Path) -> dict[str, int]:
    """Return how often the source was held, and how often it was not, or was held twice at once."""
    source, marker = space.sources.named(source_key), common / "held"
    counts = {"held": 0, "refused": 0, "doubled": 0}
    with space.fetcher(source) as fetcher:
        for number in range(pages):
            with space.claim(source, run_id=f"{os.getpid()}-{number}", waits=number % 2 == 1) as mine:
                counts["refused" if mine is None else "held"] += 1
                if mine is not None:
                    counts["doubled"] += marker.exists()
                    marker.touch()
                    time.sleep(0.02)
                    marker.unlink(missing_ok=True)
            fetcher.fetch(f"{source.location}/{os.getpid()}/{number}")
    return counts


def main(source_key: str, pages: str, common: str) -> None:
    space = Workspace(Settings.load())
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    sys.stdout.write(json.dumps(work(space, source_key, int(pages), Path(common))) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
