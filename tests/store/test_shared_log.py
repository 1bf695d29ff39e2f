"""The log tables of the shared store: a change that loses to a redaction leaves no row of the redacted page."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import timedelta

import pyarrow as pa
import pytest

from newslake.pipeline.lake import Redaction
from newslake.pipeline.shared.leases import PostgresLeases
from newslake.pipeline.shared.log import SharedLog
from newslake.pipeline.shared.tables import SharedTables
from newslake.pipeline.upkeep.maintenance import compact
from tests.scale.proxy import proxy_to
from tests.store.shared_stores import StoreServices
from tests.store.table_stores import new_shared_tables, shared_tables
from tests.store.test_shared_tables import TRANSACTIONS, outcome_rows, readable, second
from tests.unit.lake.rows import NOON

GONE, STAYS = "https://news.test/lost-at-sea", "https://news.test/b"


def files_with(tables: SharedTables, url: str) -> list[str]:
    """Return the keys of the data files of outcomes that have a URL, those that no version has included."""
    objects = tables.places.warehouse.objects
    found = {each.key: objects.get(each.key) for each in list(objects.list("outcomes")) if "/data/" in each.key}
    return [key for key, data in found.items() if data is not None and url in readable(data)]


def append_again(log: SharedLog) -> None:
    """Append a batch again: the other batch of its file is written with it."""
    log.append("outcomes", "b2", outcome_rows(f"{STAYS}/2", "3" * 32))


def merge(log: SharedLog) -> None:
    """Merge the files of the month."""
    assert log.compact(now=NOON + timedelta(days=60)) == ("merged the files of log/outcomes in 2026-02",)


@pytest.mark.parametrize(("change", "left"), [(merge, [STAYS]), (append_again, [f"{STAYS}/2"])])
def test_change_that_loses_to_a_redaction_leaves_no_file(weed, change: Callable[[SharedLog], None], left: list[str]):
    """A file that was written before a redaction, and whose commit comes after it, is deleted."""
    tables = new_shared_tables(weed)
    for batch_id, url, article in (("b1", GONE, "1" * 32), ("b2", STAYS, "2" * 32)):
        tables.log.append("outcomes", batch_id, outcome_rows(url, article))
    if change is append_again:
        merge(tables.log)
    redaction = Redaction(article_ids=["1" * 32], hosts=[], is_page=lambda url: False, alias=lambda url: "taken-down:1")
    replaced = files_with(tables, GONE)
    is_commit, counts, files = second(TRANSACTIONS), list[int](), list[str]()

    def redact_before(head: bytes) -> bytes:
        if is_commit(head):
            files.extend(files_with(tables, GONE))
            counts.append(tables.erasure.names(redaction))
        return head

    with proxy_to(int(weed.catalog_url.rpartition(":")[2]), edit=redact_before) as proxy:
        change(shared_tables(weed, tables.places.namespace, url=proxy.endpoint).log)

    assert len(files) == len({*replaced, *files}) == len(replaced) + 1  # its own file, too
    assert counts == [1]
    assert sorted(tables.log.read("outcomes")["url"].to_pylist()) == [*left, "taken-down:1"]
    assert files_with(tables, GONE) == []


def test_change_that_loses_leaves_no_manifest(weed):
    """Of an append that lost to another one, neither data files nor manifests are left; it is made again."""
    tables, is_commit = new_shared_tables(weed), second(TRANSACTIONS)
    log, objects = tables.log, tables.places.warehouse.objects
    log.append("outcomes", "b1", outcome_rows(f"{STAYS}/1", "1" * 32))

    def append_before(head: bytes) -> bytes:
        if is_commit(head):
            log.append("outcomes", "b2", outcome_rows(f"{STAYS}/2", "2" * 32))
        return head

    with proxy_to(int(weed.catalog_url.rpartition(":")[2]), edit=append_before) as proxy:
        late = shared_tables(weed, tables.places.namespace, url=proxy.endpoint).log
        late.append("outcomes", "b3", outcome_rows(f"{STAYS}/3", "3" * 32))

    assert log.batches("outcomes") == {"b1", "b2", "b3"}
    needed = set(map(tables.places.warehouse.key_of, tables.orphans().needed("outcomes")))
    assert {each.key for each in objects.list("outcomes")} - needed == set()


def test_takedown_waits_for_a_compaction_of_the_log(weed, postgres, schema, tmp_path):
    """A takedown waits for the end of a compaction, as for every writer: a file that is not in yet has rows."""
    services = StoreServices(weed=weed, database_url=postgres.url, name=schema, folder=tmp_path)
    log = services.store().tables.log
    for batch_id, url in (("b1", GONE), ("b2", STAYS)):
        log.append("outcomes", batch_id, outcome_rows(url, "1" * 32))
    leases, ended = PostgresLeases(services.store().database, notice_seconds=0), list[bool]()
    is_commit = second(TRANSACTIONS)

    def start_takedown(head: bytes) -> bytes:
        if is_commit(head):
            waiting.append(pool.submit(leases.wait_for_writers))
            ended.append(bool(wait(waiting, timeout=2).done))
        return head

    waiting: list[Future[float]] = []
    with (
        ThreadPoolExecutor(1) as pool,
        proxy_to(int(weed.catalog_url.rpartition(":")[2]), edit=start_takedown) as proxy,
    ):
        space = services.workspace(catalog_url=proxy.endpoint, frozen_now=NOON + timedelta(days=60))
        report = compact(space)
        waiting[0].result(timeout=20)

    assert report.log == ("merged the files of log/outcomes in 2026-02",)
    assert ended == [False]


def test_month_is_put_in_one_commit(weed):
    """A month has the rows that were put; those of a batch in another month stay. The day that is noted is read."""
    tables = new_shared_tables(weed)
    log = tables.log
    row = outcome_rows(f"{STAYS}/next", "2" * 32).to_pylist()[0]
    late = pa.Table.from_pylist(
        [row | {"decided_at": NOON + timedelta(days=40)}], schema=outcome_rows(STAYS, "2" * 32).schema
    )
    log.append("outcomes", "b2", pa.concat_tables([outcome_rows(f"{STAYS}/old", "2" * 32), late]))
    before = log.catalog.load_table((log.namespace, "outcomes")).metadata.snapshots
    log.put_month("outcomes", "2026-02", {each: outcome_rows(f"{STAYS}/{each}", each[1] * 32) for each in ("b1", "b2")})
    log.set_whole_from({"outcomes": NOON.date()})

    rows = {each: log.read_batches("outcomes", [each])["url"].to_pylist() for each in ("b1", "b2")}
    assert rows == {"b1": [f"{STAYS}/b1"], "b2": [f"{STAYS}/b2", f"{STAYS}/next"]}
    after = log.catalog.load_table((log.namespace, "outcomes")).metadata.snapshots
    assert len(after) - len(before) == 2
    assert log.whole_from() == {"outcomes": NOON.date()}
