"""A process that updates, rebuilds or clears the search index of a lake again and again, until it is killed.

With the work "commit" it commits the stories of its arguments as a run does, and is killed before it updates the index.
"""

import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from newslake.pipeline.addons.search.index import erase_removed, rebuild_index, update_index
from newslake.pipeline.lake import Lake
from tests.unit.lake.rows import Story, batch_keys, batch_tables


def commit_and_die(lake_dir: Path, numbers: list[int]) -> None:
    """Commit a story of each number, then end as after a power failure."""
    lake = Lake(lake_dir, durability="process", now=lambda: datetime.now(UTC))
    stories = [Story(number, f"The ferry number{number} waits.") for number in numbers]
    lake.stage(f"b{numbers[0]}", batch_tables(stories), batch_keys(stories))
    lake.commit([f"b{numbers[0]}"], is_current=lambda *_: True)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    lake_dir, work = Path(sys.argv[1]), sys.argv[2]
    if work == "commit":
        commit_and_die(lake_dir, list(map(int, sys.argv[3:])))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        if work == "erase":
            erase_removed(lake_dir, durability="process")
        elif work == "rebuild":
            rebuild_index(lake_dir, durability="process")
        else:
            update_index(lake_dir, durability="process")
