"""Hosts with different clocks, batches in any order, some twice: the tables are the same, no needed file is lost."""

import random
from pathlib import Path

import pytest

from newslake.pipeline.lake import Lake
from tests.faults.lake.newsdesk import (
    HOURS,
    MONTHS,
    archive,
    is_last,
    months_of,
    open_lake,
    publish_all,
    relate,
    reopen,
    stage,
)
from tests.faults.lake.promises import NONE, assert_tidy, assert_whole, losses, public_files
from tests.faults.lake.tally import SEED, form
from tests.faults.sample_run import say
from tests.long_form import LONG

ORDERS = 60 if LONG else 2
# The errors of the hosts' clocks in hours; the grace period is one day.
CLOCKS = (0, 5, -5, 72, -72, 24 * 400, -24 * 400)


def objects_of(lake: Lake) -> list[Path]:
    """Return the files that a reader opens after reading the manifests now."""
    return [
        Path("_state") / entry.object for manifest in months_of(lake).values() for _, _, entry in manifest.entries()
    ]


def close_or_open(lake: Lake, chance: random.Random) -> None:
    month = chance.choice([each for each in MONTHS if each in months_of(lake)])
    if chance.random() < 0.5:
        lake.compact(months=[month])
    else:
        reopen(lake, month)


@pytest.mark.timeout(1800)
def test_order_and_clocks_have_no_effect(tmp_path: Path, clean: dict[str, bytes]) -> None:
    """Batches in any order, from hosts with clocks that differ by days; months are closed, and garbage is collected."""
    for seed in range(SEED, SEED + ORDERS):
        say(f"seed {seed}")
        chance, root = random.Random(seed), tmp_path / str(seed) / "lake"
        hosts = [open_lake(root, hours_off=off) for off in CLOCKS]
        publish_all(hosts[0], hour=0)
        batches = [(hour, part) for hour in range(1, HOURS + 1) for part in range(2)]
        batches = chance.sample(batches, len(batches)) + chance.sample(batches, len(batches) // 4)
        seen = 0
        for hour, part in batches:
            name, snapshot = f"{hour}-{part}", objects_of(hosts[0])
            stage(chance.choice(hosts), {name: archive(hour)[part::2]})
            chance.choice(hosts).gc()
            seen = max(seen, hour)
            chance.choice(hosts).commit([name], is_current=is_last(lambda now=seen: now))
            if chance.random() < 0.2:
                relate(chance.choice(hosts))
            if chance.random() < 0.3:
                close_or_open(chance.choice(hosts), chance)
            chance.choice(hosts).gc()
            assert [path for path in snapshot if not (root / path).exists()] == []
        assert losses(root) == NONE
        relate(hosts[0])
        hosts[0].compact(months=months_of(hosts[0]))
        assert_whole(hosts[0])
        assert public_files(root) == clean
        assert_tidy(root)
        counted = form("batches in another order, by hosts with clocks up to 400 days off", seed)
        counted.counts["orders"] += 1
        counted.counts["batches"] += len(batches)
