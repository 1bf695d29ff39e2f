"""A process that updates, rebuilds or clears the search index of a lake again and again, until it is killed."""

import sys
from pathlib import Path

from pipeline.search import erase_removed, rebuild_index, update_index

if __name__ == "__main__":
    lake_dir, work = Path(sys.argv[1]), sys.argv[2]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        if work == "erase":
            erase_removed(lake_dir, durability="process")
        elif work == "rebuild":
            rebuild_index(lake_dir, durability="process")
        else:
            update_index(lake_dir, durability="process")
