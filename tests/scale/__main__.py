"""`make scale-test` after its contract suite: faults of the committer, of the services, of workers and of the network.

`python -m tests.scale [--rounds N] [--kills N] [--only committer|hosts]`. PostgreSQL, SeaweedFS, Redis, Airflow and two
Celery workers run on free ports of 127.0.0.1, each worker with a data root of its own.
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "plugins"))

from samples.server import Newsroom
from tests.cluster.__main__ import BEFORE, secrets_of_a_test
from tests.cluster.compose import SHARED, variables_of_example
from tests.figures import out
from tests.long_form import seed_or
from tests.scale import table_faults
from tests.scale.cluster_trials import HostTrials
from tests.scale.evenings import INBOX_ENTRY, NOW, write_sources
from tests.scale.hosts import HostCluster
from tests.scale.servers import store_servers

SEED = 20260311
ROUNDS, KILLS = 3, 10
# In .env: dead tasks are detected earlier, and the feed trigger polls the newsroom only once.
CHANGED = {"AIRFLOW_HEARTBEAT_TIMEOUT": "30", "NEWS_USER_AGENT": "newslake-scale-test", "NEWS_POLL_SECONDS": "100000"}
# In addition to the compose file: a frozen clock, and retries without long pauses.
EXTRA = {"NEWS_FROZEN_NOW": NOW.isoformat(), "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "2"}


def main() -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.scale", description="Faults of the shared store.")
    parser.add_argument(
        "--rounds", type=int, default=ROUNDS, help="faults per service and worker (default %(default)s)"
    )
    parser.add_argument("--kills", type=int, default=KILLS, help="kills at each step of the committer")
    parser.add_argument("--only", choices=("committer", "hosts"), help="only these trials")
    parser.add_argument("--keep", action="store_true", help="keep the temporary folder")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is stopped then, too
    started = time.monotonic()
    if given.only != "hosts" and (code := table_faults.main(given.kills, given.rounds)):
        return code
    if given.only != "committer":
        root = Path(tempfile.mkdtemp(prefix="newslake-scale-"))
        try:
            run_in(root, rounds=given.rounds)
        finally:
            if given.keep:
                out.print(f"kept {root}")
            else:
                shutil.rmtree(root)
    out.print(f"the faults of the shared store passed in {time.monotonic() - started:.0f} s")
    return 0


def run_in(root: Path, *, rounds: int) -> None:
    """Start newsroom, services and cluster, run all trials, stop all."""
    root.chmod(0o755)  # PostgreSQL runs as another user
    (root / "logs").mkdir()
    seed = seed_or(SEED)
    out.print(f"two Celery workers without a common disk, {rounds} faults each, seed {seed}")
    variables = variables_of_example(SHARED) | secrets_of_a_test() | {"AWS_SECRET_ACCESS_KEY": "-"} | CHANGED
    with Newsroom(day=BEFORE) as newsroom, store_servers(root) as servers:
        os.environ.update(servers.settings())
        cluster = HostCluster(root, variables=variables, extra=EXTRA, servers=servers)
        write_sources(cluster.site / "sources.toml", newsroom, inbox=INBOX_ENTRY)
        started, passed = time.monotonic(), False
        try:
            with cluster.up():
                out.print(f"all services are healthy after {time.monotonic() - started:.0f} s")
                HostTrials(cluster, newsroom, rounds, random.Random(seed)).run()
            passed = True
        finally:
            if not passed:
                out.print(cluster.log_tails(), markup=False, soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
