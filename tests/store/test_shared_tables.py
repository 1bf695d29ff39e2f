"""The shared tables under faults: dead committers, a killed catalog, lost answers, readers at work, takedowns."""

import dataclasses
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import obstore
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.table.refs import MAIN_BRANCH
from pyiceberg.types import StringType

from newslake.pipeline.errors import ConfigError, StoreError
from newslake.pipeline.lake import Garbage, Redaction
from newslake.pipeline.lake.log_files import rows_of_batch
from newslake.pipeline.shared.catalog import TransactionCatalog
from newslake.pipeline.shared.data_files import write_rows
from newslake.pipeline.shared.heads import COMMITS, HeadReader
from newslake.pipeline.shared.iceberg_schema import LAKE_NAMES
from newslake.pipeline.shared.log import SharedLog
from newslake.pipeline.shared.snapshot_writer import FileChange, write_snapshot
from newslake.pipeline.shared.tables import SharedTables, create_tables
from newslake.pipeline.tables import TABLE_SPECS, rows_table
from tests.scale.commit_tables import last_stories
from tests.scale.proxy import proxy_to
from tests.scale.seaweedfs import WAREHOUSE, SeaweedFS
from tests.scale.strict_reader import StrictReader
from tests.scale.table_faults import differences, problems_of, start
from tests.store.table_stores import (
    FileLease,
    catalog_of,
    copy_index,
    new_shared_tables,
    places_of,
    shared_tables,
    unnoticed_lease,
)
from tests.unit.lake.rows import NOON, Story, batch_keys, batch_tables, blank

DAY = NOON.date()
TRANSACTIONS = b"POST /v1/warehouse/transactions/commit"


def put(tables: SharedTables, batch_id: str, *stories: Story) -> Any:
    tables.stage(batch_id, batch_tables(stories), batch_keys(stories))
    return tables.commit([batch_id], is_current=lambda article_id, seen_at: True)


def reopened(tables: SharedTables, server: SeaweedFS, **options: Any) -> SharedTables:
    """Return the same tables as another process opens them."""
    return shared_tables(server, tables.places.namespace, **options)


def assert_has(tables: SharedTables, *stories: Story) -> None:
    """Assert that tables, index and the main branch have these stories, each once, the same in all tables."""
    assert differences(tables, {each.article_id: each for each in stories}) == []


def test_four_writers_and_a_strict_reader(weed):
    """Four processes commit to the same days: nothing is lost, and no read sees a part of a commit."""
    tables = new_shared_tables(weed)
    with StrictReader(tables, problems_of) as reader:
        writers = [start(tables, weed, writer=number, batches=6) for number in range(4)]
        codes = [each.wait(200) for each in writers]

    assert codes == [0, 0, 0, 0]
    assert reader.problems == []
    assert reader.reads >= 5
    assert_has(tables, *last_stories(4, 6).values())


@pytest.mark.parametrize("step", ["files", "staged", "sent", "indexed"])
def test_killed_committer(weed, step):
    """A committer that is killed at a step leaves all or nothing; the next one goes on."""
    tables = new_shared_tables(weed)
    first_try = start(tables, weed, writer=0, batches=3, kill_at=f"{step}:2")

    assert first_try.wait(120) == -9
    assert problems_of(tables) == []

    second_try = start(tables, weed, writer=0, batches=3)

    assert second_try.wait(120) == 0
    assert_has(tables, *last_stories(1, 3).values())


def test_lost_answer_is_looked_up(weed):
    """A commit whose answer is lost is found by its name, and not made twice."""
    tables = new_shared_tables(weed)
    put(tables, "b1", Story(1))
    port = int(weed.catalog_url.rpartition(":")[2])
    with proxy_to(port, loses=second(TRANSACTIONS)) as proxy:
        through = reopened(tables, weed, url=proxy.endpoint)
        report = put(through, "b2", Story(2))
        posts = [each for each in proxy.heads if each.startswith(TRANSACTIONS.decode())]

    assert report.rows["articles"] == 1
    assert len(posts) == 2  # the probe when the catalog is opened, and one commit
    assert tables.heads().sequence == 3
    assert_has(tables, Story(1), Story(2))


def test_request_that_is_cut_is_sent_again(weed):
    """A transaction that never arrived as a whole is made again."""
    tables = new_shared_tables(weed)
    port = int(weed.catalog_url.rpartition(":")[2])
    with proxy_to(port, cuts=second(TRANSACTIONS)) as proxy:
        put(reopened(tables, weed, url=proxy.endpoint), "b1", Story(1), Story(2))

    assert tables.heads().sequence == 2
    assert_has(tables, Story(1), Story(2))


def second(wanted: bytes) -> Any:
    """Return a condition that is true for the second request whose head has these bytes: the first one is a probe."""
    met: list[bytes] = []

    def is_second(head: bytes) -> bool:
        if wanted in head:
            met.append(head)
        return wanted in head and len(met) == 2

    return is_second


def test_killed_catalog(mortal_weed):
    """Catalog and object store are killed in the middle of commits: the committer waits, and nothing is lost."""
    tables = new_shared_tables(mortal_weed)
    writer = start(tables, mortal_weed, writer=0, batches=14)
    for reached in (3, 7):
        while tables.heads().sequence < reached:
            time.sleep(0.05)
        mortal_weed.restart()

    assert writer.wait(240) == 0
    assert_has(tables, *last_stories(1, 14).values())


def test_half_done_commit_is_taken_back(weed):
    """A commit that a catalog left half done is seen by no reader, and the next committer takes it back."""
    tables = new_shared_tables(weed)
    put(tables, "b1", Story(1))
    catalog, namespace = tables.places.catalog, tables.places.namespace
    reader = HeadReader(catalog, namespace)
    heads = tables.heads()
    articles, commits = heads.tables["articles"], reader.load(COMMITS)
    made = write_snapshot(articles, FileChange(), {}, history=8, history_max=16)
    ids = {**heads.ids, "articles": made.snapshot_id, "quotes": 1}
    names = {"newslake.heads": json.dumps(ids), "newslake.sequence": "9", "newslake.last": "quotes"}
    anchor = write_snapshot(commits, FileChange(), names, history=8, history_max=16)
    catalog.commit_table(commits, anchor.requirements, anchor.updates)
    catalog.commit_table(articles, made.requirements, made.updates)

    assert tables.heads(["articles"]).ids == heads.ids
    assert_has(tables, Story(1))

    put(reopened(tables, weed), "b2", Story(2))

    assert tables.heads().sequence == 3
    assert_has(tables, Story(1), Story(2))


def test_index_that_is_lost_is_read_from_the_tables(weed):
    """Without an index, the next commit reads the stored articles of all tables, and finds moved ones."""
    tables = new_shared_tables(weed)
    put(tables, "b1", Story(1), Story(2, day=40))
    name = tables.places.namespace
    other = shared_tables(weed, name, schema=f"{name}_other")
    put(other, "b2", Story(2, day=1, seen=1))

    assert other.read("articles")["title"].to_pylist() == ["Story 1", "Story 2"]
    assert other.days() == (DAY, DAY + timedelta(days=1))


def test_index_that_missed_a_commit_reads_its_months(weed):
    """An index of an earlier time, as from a copy, follows the tables: no article is on two days."""
    tables = new_shared_tables(weed)
    put(tables, "b1", Story(1), Story(2, day=40))
    name = tables.places.namespace
    copy_index(weed, name, f"{name}_old")
    put(tables, "b2", Story(1, day=70, seen=1))
    put(tables, "b3", Story(3, day=40))
    old = shared_tables(weed, name, schema=f"{name}_old")
    put(old, "b4", Story(1, day=1, seen=2))

    assert_has(old, Story(1, day=1), Story(2, day=40), Story(3, day=40))


def test_index_that_is_ahead_of_the_tables(weed):
    """An index of later tables, as after the tables came back from a copy, has only what the tables have."""
    later, tables = new_shared_tables(weed), new_shared_tables(weed)
    for number in range(3):
        put(later, f"b{number}", Story(1), Story(number + 2, day=number))
    put(tables, "b0", Story(9))
    copied = shared_tables(weed, tables.places.namespace, schema=later.places.namespace)
    put(copied, "c1", Story(2, day=1))

    assert_has(copied, Story(9), Story(2, day=1))
    assert copied.index.stored([Story(1).article_id]) == {}


def test_second_committer_without_a_lease(weed):
    """A committer meets another one, if both can write: it gets a conflict, and merges again with its rows."""
    tables = new_shared_tables(weed)
    put(tables, "b1", Story(1), Story(2))
    others = [lambda: put(tables, "b2", Story(1, day=3, seen=1), Story(4))]

    def step(name: str) -> None:
        if name == "staged" and others:
            others.pop()()

    name = tables.places.namespace
    late = dataclasses.replace(reopened(tables, weed, step=step), lease=lambda: unnoticed_lease(weed, name))
    put(late, "b3", Story(1, words="Late.", seen=2), Story(5))

    assert tables.heads().sequence == 4
    assert_has(tables, Story(1, words="Late."), Story(2), Story(4), Story(5))


def test_history_stays_short(weed):
    """Snapshots are expired as commits go on, and a month has one manifest."""
    tables = new_shared_tables(weed)
    for number in range(20):
        put(tables, f"b{number}", Story(1, words=f"Take {number}.", seen=number))
    heads = tables.heads()
    table = heads.tables["articles"]
    snapshot = table.metadata.snapshot_by_id(heads.ids["articles"])

    assert snapshot is not None
    assert len(table.metadata.snapshots) <= 17
    assert len(snapshot.manifests(table.io)) == 1
    assert heads.sequence == 21


def test_rows_of_some_days_need_no_manifest_of_other_months(weed):
    """A read of one month does not fetch what describes the others: it takes as long in a store of many years."""
    tables = new_shared_tables(weed)
    put(tables, "b1", Story(1))
    put(tables, "b2", Story(2, day=60))
    heads = tables.heads()
    table = heads.tables["articles"]
    snapshot = table.metadata.snapshot_by_id(heads.ids["articles"])
    assert snapshot is not None
    first, second = snapshot.manifests(table.io)
    table.io.delete(max(first, second, key=lambda each: each.partitions[0].lower_bound).manifest_path)
    again = reopened(tables, weed)

    assert again.read("articles", days=[DAY]).column("article_id").to_pylist() == [Story(1).article_id]
    with pytest.raises(StoreError, match="gone from the object store"):
        again.read("articles")


def test_snapshot_keeps_its_rows(weed):
    """A named version has one tag of its name in all tables, and keeps its rows over later commits and upkeep."""
    clock = [NOON]
    tables = new_shared_tables(weed, clock=lambda: clock[0])
    put(tables, "b1", Story(1))
    tables.snapshots.take("march")
    for number in range(20):
        put(tables, f"c{number}", Story(1, words=f"Take {number}.", seen=number))
    clock[0] = _after_retention()
    tables.gc()
    tables.gc()
    ids = tables.tags.ids("march")
    articles = tables.places.catalog.load_table((tables.places.namespace, "articles"))

    assert tables.tags.names() == ("march",)
    assert set(ids) == set(LAKE_NAMES)
    assert articles.scan(snapshot_id=ids["articles"]).to_arrow()["text"].to_pylist() == [Story(1).text]
    with pytest.raises(ConfigError, match="exists already"):
        tables.snapshots.take("march")

    tables.snapshots.drop("march")

    with pytest.raises(ConfigError, match="no snapshot march; existing: none"):
        tables.tags.ids("march")


def _after_retention() -> Any:
    """Return a time at which all objects of this run are older than the retention time."""

    return datetime.now(UTC) + timedelta(days=3)


def test_orphans_are_condemned_then_deleted(weed):
    """Files that no snapshot needs are deleted by a later run, when they were condemned for the retention time."""
    clock = [NOON]
    tables = new_shared_tables(weed, clock=lambda: clock[0])
    for number in range(20):
        put(tables, f"b{number}", Story(1, words=f"Take {number}.", seen=number))
    client = weed.client(WAREHOUSE)
    before = objects_in(client, tables)
    clock[0] = datetime.now(UTC)
    fresh = tables.gc()
    clock[0] = _after_retention()
    condemned = tables.gc()

    assert condemned.removed == 20  # the staged batches; the orphans of this run are condemned
    assert fresh == Garbage(removed=0, waiting=20 + condemned.waiting)
    assert objects_in(client, tables) == before

    clock[0] += timedelta(days=2)

    deleted = tables.gc()

    assert deleted == Garbage(removed=condemned.waiting, waiting=0)
    assert deleted.removed > 80
    assert len(objects_in(client, tables)) == len(before) - deleted.removed

    clock[0] += timedelta(days=2)

    assert tables.gc() == Garbage()
    assert_has(tables, Story(1, words="Take 19."))


def objects_in(client: Any, tables: SharedTables) -> set[str]:
    listed = obstore.list(client, prefix=tables.places.namespace).collect()
    return {each["path"] for each in listed}


def test_version_is_read_again_after_a_commit_of_another_process(weed):
    """A process keeps the version that it has read until anybody commits; then it reads the newer rows."""
    tables = new_shared_tables(weed)
    put(tables, "b1", Story(1))
    other = reopened(tables, weed)
    version = other.present()

    assert other.present() is version

    put(tables, "b2", Story(2))

    assert other.present() is not version
    assert (version.count("articles", DAY), other.present().count("articles", DAY)) == (1, 2)


def test_missing_file_is_found(weed):
    """A data file that somebody deleted is reported with its name, by the check and by a read."""
    tables = new_shared_tables(weed)
    put(tables, "b1", Story(1), Story(2, day=1))
    [path] = tables.files(tables.heads(), "quotes", days=[DAY])
    obstore.delete(weed.client(WAREHOUSE), path.removeprefix(f"s3://{WAREHOUSE}/"))
    [problem] = tables.verify()

    assert problem.startswith(f"quotes: {path} is missing; restore it")
    with pytest.raises(StoreError, match="gone from the object store") as caught:
        tables.read("quotes")
    assert caught.value.reason == "store_file_missing"
    assert tables.read("quotes", days=[DAY + timedelta(days=1)]).num_rows == 1


def test_days_of_missing_files_are_dropped(weed):
    """A repair drops the days whose data files are gone from all tables and the index; all else stays, also a month's.

    Then the days can be derived again.
    """
    tables = new_shared_tables(weed)
    put(tables, "b1", Story(1), Story(2, day=1), Story(3, day=2))
    tables.compact(months=["2026-02"])
    put(tables, "b2", Story(4, day=40), Story(5, day=41))
    [path] = tables.files(tables.heads(), "quotes", days=[DAY + timedelta(days=40)])
    obstore.delete(weed.client(WAREHOUSE), path.removeprefix(f"s3://{WAREHOUSE}/"))

    assert tables.recover() == ()
    assert tables.recover(drops_damaged=True) == (f"dropped {DAY + timedelta(days=40)}: quotes: {path} is damaged",)
    assert tables.verify() == ()
    assert_has(tables, Story(1), Story(2, day=1), Story(3, day=2), Story(5, day=41))
    assert tables.index.stored([Story(4).article_id]) == {}

    put(tables, "b3", Story(4, day=40, seen=1))

    assert_has(tables, Story(1), Story(2, day=1), Story(3, day=2), Story(4, day=40, seen=1), Story(5, day=41))


def test_erased_article_is_nowhere_in_the_buckets(weed):
    """After the traces are deleted, no object of both buckets has the words of an erased article."""
    tables = new_shared_tables(weed)
    secret = "Unmistakable zanzibarite words."
    put(tables, "b1", Story(1, words=secret), Story(2))
    put(tables, "b2", Story(1, words=f"{secret} Twice.", seen=1))
    tables.snapshots.take("march")
    tables.put_cached("sketches/2026-02-03", secret.encode())
    buckets = [weed.client(WAREHOUSE), weed.client()]

    assert any(has_words(client, "zanzibarite") for client in buckets)

    tables.erasure.rows([Story(1).article_id])
    tables.erasure.traces(days=[DAY], older_than=0.0)

    assert not any(has_words(client, "zanzibarite") for client in buckets)
    assert tables.tags.names() == ()
    assert_has(tables, Story(2))


def test_version_with_an_article_that_moved_ends(weed):
    """A named version that has an erased article on an earlier day ends, and its files go; others stay."""
    tables = new_shared_tables(weed)
    put(tables, "b0", Story(2, day=1))
    tables.snapshots.take("january")
    put(tables, "b1", Story(1, words="Unmistakable quaggaful words.", day=40))
    tables.snapshots.take("march")
    put(tables, "b2", Story(1, words="Unmistakable quaggaful words.", day=0, seen=1))
    tables.erasure.rows([Story(1).article_id])
    tables.erasure.traces(days=[DAY], older_than=0.0)

    assert tables.tags.names() == ("january",)
    assert not any(has_words(client, "quaggaful") for client in (weed.client(WAREHOUSE), weed.client()))


def has_words(client: Any, words: str) -> bool:
    """Return whether an object of a bucket has these words, also in a Parquet or Arrow file."""
    for batch in obstore.list(client):
        for each in batch:
            data = bytes(obstore.get(client, each["path"]).bytes())
            if words.encode() in data or words in readable(data):
                return True
    return False


def readable(data: bytes) -> str:
    """Return the values of a Parquet file as text; nothing for other files."""

    if data[:4] != b"PAR1":
        return ""
    return str(pq.read_table(pa.BufferReader(data)).to_pylist())


def test_tables_of_another_version_are_refused(weed):
    """A namespace of another schema version, or with another column, is refused with its name and what to do."""
    tables = new_shared_tables(weed)
    places = tables.places
    create_tables(places, tables.lease)  # again: nothing changes
    with places.catalog.load_table((places.namespace, "quotes")).update_schema() as change:
        change.add_column("mood", StringType())

    with pytest.raises(StoreError, match="quotes has a column mood, which this version does not know") as caught:
        create_tables(places_of(weed, places.namespace), tables.lease)

    assert caught.value.reason == "store_version"


@pytest.fixture
def old_catalog() -> Iterator[str]:
    """A catalog that has no transactions, by its URL. It gives its configuration only: more is not requested."""
    config = {"defaults": {}, "overrides": {}, "endpoints": ["GET /v1/{prefix}/namespaces"]}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(config).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_catalog_without_transactions_is_refused(old_catalog):
    """A catalog whose configuration has no endpoint for transactions is refused with its address."""
    with pytest.raises(StoreError, match="transactions/commit, so it cannot commit several tables") as caught:
        TransactionCatalog("lake", uri=old_catalog)

    assert caught.value.reason == "store_version"
    assert old_catalog in str(caught.value)


def test_catalog_that_is_away_or_refuses(weed):
    """No answer and a wrong key have different messages, without the key."""
    with pytest.raises(StoreError, match="does not answer") as away:
        TransactionCatalog("lake", uri="http://127.0.0.1:9")
    assert away.value.reason == "store_unreachable"

    catalog = catalog_of(weed)
    wrong = {**catalog.properties, "client.secret-access-key": "wrong-secret", "s3.secret-access-key": "wrong-secret"}
    places = dataclasses.replace(places_of(weed, "elsewhere"), catalog=TransactionCatalog("lake", **wrong))
    with pytest.raises(StoreError, match="refuses") as refused:
        create_tables(places, lambda: nullcontext(FileLease()))
    assert refused.value.reason == "store_refused"
    assert "wrong-secret" not in str(refused.value)


def test_main_branch_is_what_other_engines_read(weed):
    """A reader of one table, without the heads, sees the rows of the last commit, with field ids and all columns."""
    tables = new_shared_tables(weed)
    put(tables, "b1", Story(1), Story(2, day=40))
    table = tables.places.catalog.load_table((tables.places.namespace, "articles"))
    found = table.scan(row_filter=f"published_date = '{DAY.isoformat()}'").to_arrow()

    assert found["title"].to_pylist() == ["Story 1"]
    assert table.metadata.refs[MAIN_BRANCH].snapshot_id == tables.heads().ids["articles"]
    assert {each.rpartition("/")[0].rpartition("=")[2] for each in tables.files(tables.heads(), "articles")} == {
        "2026-02",
        "2026-03",
    }


def outcome_rows(url: str, article_id: str) -> pa.Table:
    spec = TABLE_SPECS["outcomes"]
    row = blank(spec, run_id="r1", source_key="harbour", url=url, article_id=article_id, decided_at=NOON, news_day=DAY)
    return rows_table(spec, [row])


def test_log_takes_appends_of_many_writers(weed):
    """Writers that append at the same time lose nothing: each makes its append again after another one."""
    tables = new_shared_tables(weed)
    name = tables.places.namespace

    def append(writer: int) -> None:
        log = SharedLog(catalog_of(weed), name, tables.places.warehouse)
        for number in range(4):
            url = f"https://news.test/{writer}/{number}"
            log.append("outcomes", f"w{writer}-{number}", outcome_rows(url, f"{writer}{number}"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(append, range(4)))

    assert len(tables.log.batches("outcomes")) == tables.log.read("outcomes").num_rows == 16
    assert tables.log.compact(now=NOON + timedelta(days=60)) == ("merged the files of log/outcomes in 2026-02",)
    assert tables.log.read_batches("outcomes", ["w2-3"])["url"].to_pylist() == ["https://news.test/2/3"]


def test_log_files_of_dead_writers_are_deleted_with_the_traces(weed):
    """What a dead process has written for a log table goes with the traces; what a living one may need does not."""
    tables = new_shared_tables(weed)
    log_table = tables.places.catalog.load_table((tables.places.namespace, "outcomes"))
    rows = rows_of_batch(outcome_rows("https://news.test/gnurled", "1" * 32), TABLE_SPECS["outcomes"], "b1").table
    write_rows(log_table, [rows.append_column("batch_id", [["b1"]])], month=DAY)
    warehouse = weed.client(WAREHOUSE)
    tables.erasure.traces(days=[DAY], older_than=0.0)

    assert has_words(warehouse, "gnurled")

    tables.erasure.traces(days=[DAY], older_than=_after_retention().timestamp())

    assert not has_words(warehouse, "gnurled")


def test_log_is_read_on_after_its_files_are_removed(weed):
    """A reader of months goes on when files that it has planned are merged and deleted."""
    tables = new_shared_tables(weed)
    rows = outcome_rows("https://news.test/a", "1" * 32)
    at = rows.schema.get_field_index("decided_at")
    later = rows.set_column(at, rows.schema.field(at), [[NOON + timedelta(days=40)]])
    for batch_id, each in (("b1", rows), ("b2", rows), ("b3", later)):
        tables.log.append("outcomes", batch_id, each)
    months = tables.log.months("outcomes", columns=["url"])

    assert next(months).num_rows == 1

    with tables.hold():
        assert tables.log.compact(now=NOON + timedelta(days=90)) != ()
        assert tables.orphans().remove_past("outcomes", ()) > 0

    assert next(months).num_rows == 2


def test_log_file_that_is_missing_is_named(weed):
    """A data file of a log table that somebody deleted is an error with its name, in each way to read it."""
    tables = new_shared_tables(weed)
    tables.log.append("outcomes", "b1", outcome_rows("https://news.test/a", "1" * 32))
    client = weed.client(WAREHOUSE)
    [path] = [each for each in objects_in(client, tables) if "outcomes" in each and each.endswith(".parquet")]
    obstore.delete(client, path)
    for read in (
        lambda: tables.log.read("outcomes"),
        lambda: tables.log.batches("outcomes"),
        lambda: tables.log.read_batches("outcomes", ["b1"]),
        lambda: list(tables.log.months("outcomes", columns=["url"])),
    ):
        with pytest.raises(StoreError, match="gone from the object store") as caught:
            read()
        assert caught.value.reason == "store_file_missing"


def test_workers_create_the_tables_at_the_same_time(weed):
    """Workers that start together on a new namespace all find its tables; one creates them."""
    tables = new_shared_tables(weed)
    places = [places_of(weed, f"{tables.places.namespace}2") for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda each: create_tables(each, tables.lease), places))

    assert HeadReader(places[0].catalog, places[0].namespace).read(LAKE_NAMES).sequence == 1


def test_log_is_redacted_and_expires(weed):
    """The rows of a page that is taken down stay and name it no more; old months go."""
    tables = new_shared_tables(weed)
    tables.log.append("outcomes", "b1", outcome_rows("https://news.test/at-sea", "1" * 32))
    tables.log.append("outcomes", "b2", outcome_rows("https://news.test/b", "2" * 32))
    redaction = Redaction(article_ids=["1" * 32], hosts=[], is_page=lambda url: False, alias=lambda url: "taken-down:1")

    assert tables.erasure.names(redaction) == 1
    assert sorted(tables.log.read("outcomes")["url"].to_pylist()) == ["https://news.test/b", "taken-down:1"]
    assert tables.log.read_batches("outcomes", ["b1"])["reason"].to_pylist() == ["taken_down"]
    assert not has_words(weed.client(WAREHOUSE), "https://news.test/at-sea")
    assert tables.log.expire(now=NOON + timedelta(days=200), keep_months=3) != ()
    assert tables.log.read("outcomes").num_rows == 0
