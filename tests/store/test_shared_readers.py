"""Readers of the shared store as users start them: the package, the commands, other engines by their lines."""

import json
import multiprocessing
import subprocess
import sys
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
import sqlglot

import newslake
from newslake.pipeline.addons.share.engine_ddl import CatalogAddress, catalog_views_sql
from newslake.pipeline.agents.server import answer_call
from newslake.pipeline.settings import Settings
from newslake.pipeline.shared.tables import SharedTables
from newslake.pipeline.tables import TABLES
from tests.architecture.tree import text_of
from tests.scale.seaweedfs import REGION, SeaweedFS
from tests.store.stores import bucket_of
from tests.store.table_stores import new_shared_tables
from tests.unit.lake.rows import Story, batch_keys, batch_tables

STORIES = [Story(1), Story(2, day=1, words="The tide is high."), Story(4, day=40)]
ADDRESS = CatalogAddress(
    url="https://catalog.example.org/iceberg",
    warehouse="s3://bucket",
    namespace="newslake",
    endpoint="https://s3.example.org",
    region="eu-west-1",
)


@pytest.fixture(scope="module")
def tables(weed: SeaweedFS) -> SharedTables:
    """Shared tables with three articles; a named version of them has two."""
    made = new_shared_tables(weed)
    for number, stories in enumerate((STORIES[:2], STORIES[2:])):
        made.stage(f"b{number}", batch_tables(stories), batch_keys(stories))
        made.commit([f"b{number}"], is_current=lambda article_id, seen_at: True)
        if not number:
            made.snapshots.take("v1")
    return made


@pytest.fixture
def environment(weed: SeaweedFS, tables: SharedTables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SharedTables:
    """The tables, with the variables by which a host reaches catalog and bucket; it has no database and no archive."""
    key, properties = tmp_path / "key", tmp_path / "catalog.toml"
    key.write_text(
        f"[default]\naws_access_key_id={weed.admin.access_key}\naws_secret_access_key={weed.admin.secret_key}\n"
    )
    signing = {"rest.sigv4-enabled": "true", "rest.signing-name": "s3tables", "rest.signing-region": REGION}
    properties.write_text("".join(f'"{name}" = "{value}"\n' for name, value in signing.items()))
    given = {
        "NEWS_STORE": "shared",
        "NEWS_DATA_DIR": str(tmp_path / "data"),
        "NEWS_CATALOG_URL": weed.catalog_url,
        "NEWS_CATALOG_WAREHOUSE": weed.warehouse,
        "NEWS_CATALOG_NAMESPACE": tables.places.namespace,
        "NEWS_CATALOG_PROPERTIES_FILE": str(properties),
        "NEWS_OBJECTS_ENDPOINT": weed.endpoint,
        "NEWS_OBJECTS_REGION": REGION,
        "NEWS_OBJECTS_KEY_FILE": str(key),
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return tables


# In Python.


def test_lake_opens_by_the_address_of_its_catalog(environment, weed):
    """A reader of a catalog's address reads tables, SQL, questions and articles, without a database."""
    lake = newslake.open(weed.catalog_url, namespace=environment.places.namespace, warehouse=weed.warehouse)

    assert len(lake.read("articles")) == 3
    assert lake.read("quotes", columns=["quote_text"], since="2026-02-04", until="2026-02-04").to_dicts() == [
        {"quote_text": "“The tide is high.”"}
    ]
    assert lake.sql("SELECT count(*) AS n FROM articles WHERE url = $url", {"url": "no"}).to_dicts() == [{"n": 0}]
    assert {each["table"]: each["rows"] for each in lake.tables().to_dicts()}["quotes"] == 3
    assert "3 quotes without a named person" in str(lake.ask("top-speakers").notes)
    assert "Story 2" in str(lake.article(Story(2).article_id).rows["articles"][0]["text"])
    assert repr(lake) == f"LakeReader('{weed.catalog_url}')"
    with pytest.raises(newslake.ConfigError, match="a shared store is searched"):
        lake.search("tide")


def in_fork[T](read: Callable[[], T]) -> T:
    """Return what a function returns in a process that is forked from this one."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=lambda: there.send(read()))
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # this process has threads
        child.start()
    there.close()
    try:
        assert here.poll(60), "the forked process waits for something that its parent had"
        return here.recv()
    finally:
        child.kill()
        child.join()


def test_forked_processes_read(environment, weed):
    """A lake that was read before a fork is read in the child, over connections of its own; so is one opened there."""
    place = {"namespace": environment.places.namespace, "warehouse": weed.warehouse}
    lake = newslake.open(weed.catalog_url, **place)
    question = "SELECT title FROM articles ORDER BY title"
    titles = lake.sql(question).to_dicts()
    assert len(titles) == 3

    assert in_fork(lambda: lake.sql(question).to_dicts()) == titles
    assert in_fork(lambda: newslake.open(weed.catalog_url, **place).sql(question).to_dicts()) == titles
    assert in_fork(lambda: in_fork(lambda: lake.sql(question).to_dicts())) == titles
    assert lake.sql(question).to_dicts() == titles


def test_forked_process_does_not_wait_for_a_bucket_of_its_parent(weed):
    """A bucket that was used before a fork is refused in the child, where it would never answer."""
    bucket = bucket_of(weed)
    bucket.put("one", b"1")

    def reasons() -> list[str]:
        found = []
        for use in (lambda: bucket.get("one"), lambda: bucket_of(weed)):
            with pytest.raises(newslake.NewsError) as raised:
                use()
            found.append(raised.value.reason)
        return found

    assert in_fork(reasons) == ["store_forked"] * 2


@pytest.mark.parametrize(
    ("path", "given", "message"),
    [
        ("s3://bucket/lake", {}, "the address of an Iceberg REST catalog"),
        ("https://user:secret@example.org", {}, "without a key"),
        ("http://192.0.2.1/iceberg", {}, "not encrypted"),
        (".", {"namespace": "news"}, "is for the address of a catalog"),
    ],
)
def test_wrong_address_is_refused(environment, path, given, message):
    """An address of another kind, with a key or without encryption is refused, and no secret is repeated."""
    with pytest.raises(newslake.ConfigError, match=message) as raised:
        newslake.open(path, **given)
    assert "secret" not in str(raised.value)


def test_unknown_namespace_is_named(environment, weed):
    """A namespace without tables is an error at once, with its name."""
    with pytest.raises(newslake.NewsError, match=r"no table nowhere\.commits; correct the namespace"):
        newslake.open(weed.catalog_url, namespace="nowhere")


# Commands.


def run(*words: str) -> tuple[int, str, str]:
    """Return exit code, output and messages of a command."""
    done = subprocess.run([sys.executable, "-m", "newslake", *words], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def test_sql_reads_the_shared_tables(environment):
    """`newslake sql` reads the tables, a named version of them, and writes a file; it needs no database."""
    assert run("sql", "SELECT count(*) AS n FROM articles", "--json")[:2] == (0, '[\n {"n": 3}\n]\n')
    assert '"n": 2' in run("sql", "SELECT count(*) AS n FROM articles", "--json", "--snapshot", "v1")[1]
    code, _, message = run("sql", "SELECT 1", "--snapshot", "v2")
    assert code != 0
    assert "no snapshot v2; existing: v1" in message


def test_ask_answers_a_question(environment):
    """`newslake ask` answers a saved question of one source, and refuses an unknown source."""
    code, answer, message = run("ask", "top-speakers", "--from", "2026-02-04")
    assert code == 0, message
    assert "2 quotes without a named person" in answer + message
    code, _, message = run("ask", "top-speakers", "--source", "nowhere")
    assert code != 0
    assert "nowhere" in message


def test_ddl_prints_the_lines_of_the_catalog(environment, weed):
    """`newslake ddl` attaches the catalog of the settings, without a key."""
    code, lines, _ = run("ddl", "spark")

    assert code == 0
    assert f"SET `spark.sql.catalog.news.uri` = {weed.catalog_url};" in lines
    assert f"FROM news.{environment.places.namespace}.quotes;" in lines
    assert weed.admin.secret_key not in lines


def test_ddl_has_a_place_for_a_client_credential(environment, weed, tmp_path, monkeypatch):
    """For a catalog with a client credential, the lines name where it gets a token, and not the credential."""
    properties = tmp_path / "credential.toml"
    properties.write_text('credential = "newslake:s3cret"\n')
    monkeypatch.setenv("NEWS_CATALOG_PROPERTIES_FILE", str(properties))
    for engine in ("duckdb", "clickhouse"):
        code, lines, _ = run("ddl", engine)
        assert (code, "s3cret" in lines) == (0, False)
        assert f"'{weed.catalog_url}/v1/oauth/tokens'" in lines
        assert "CLIENT_SECRET" in lines


def test_service_that_is_away_is_named(environment, monkeypatch):
    """A catalog that does not answer is an error with its address, not a traceback."""
    monkeypatch.setenv("NEWS_CATALOG_URL", "http://127.0.0.1:9")
    code, _, message = run("sql", "SELECT 1")

    assert code != 0
    assert "the catalog at http://127.0.0.1:9 does not answer" in message
    assert "Traceback" not in message


# Other engines.


@pytest.mark.parametrize("engine", ["clickhouse", "duckdb", "spark", "trino"])
def test_lines_of_an_engine_name_every_table(engine):
    """The lines of an engine have a view for each table and parse in its dialect."""
    lines = catalog_views_sql(ADDRESS, engine)

    assert ADDRESS.url in lines
    assert ADDRESS.warehouse in lines
    views = [each for each in lines.split(";\n") if " VIEW " in each]
    assert len(views) == len(TABLES) + 6
    for view in views:
        assert sqlglot.parse_one(view, read=engine) is not None


READ_WITH_CHDB = r"""
import sys
from chdb.session import Session

session = Session()
for statement in sys.stdin.read().split(";\n"):
    answer = session.query(statement) if statement.strip() else answer
print(answer)
"""


def test_clickhouse_reads_by_its_lines(environment, weed, tmp_path, monkeypatch):
    """ClickHouse reads tables and views by the lines for it, with key and client credential put in."""
    if find_spec("chdb") is None:
        pytest.skip("chDB is not installed: pip install chdb")
    key, properties = weed.admin, tmp_path / "credential.toml"
    properties.write_text(f'credential = "{key.access_key}:{key.secret_key}"\n')
    monkeypatch.setenv("NEWS_CATALOG_PROPERTIES_FILE", str(properties))
    code, lines, _ = run("ddl", "clickhouse")
    assert (code, key.secret_key in lines) == (0, False)

    for names, value in (
        (("CLIENT_ID", "ACCESS_KEY"), key.access_key),
        (("CLIENT_SECRET", "SECRET_KEY"), key.secret_key),
    ):
        for name in names:
            lines = lines.replace(name, value)
    question = "SELECT count(), uniqExact(article_id), min(published_date) FROM quotes;\n"
    command = [sys.executable, "-c", READ_WITH_CHDB]
    done = subprocess.run(command, input=lines + question, capture_output=True, text=True, check=False)

    assert done.stdout.strip() == '3,3,"2026-02-03"', done.stderr


@pytest.mark.parametrize(
    ("address", "engine"), [("https://example.org/'; DROP TABLE x", "duckdb"), ("https://example.org", "polars")]
)
def test_lines_are_refused(address, engine):
    """An address with a quotation mark and an engine without a catalog are refused."""
    with pytest.raises(newslake.ConfigError):
        catalog_views_sql(CatalogAddress(url=address, warehouse="s3://b", namespace="n"), engine)


def code_of_docs(section: str) -> list[str]:
    """Return the Python code of a section of docs/addons/engines.md."""
    text = text_of("docs/addons/engines.md").partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return [part.partition("```")[0] for part in text.split("```python\n")[1:]]


def test_code_of_the_docs_reads_the_shared_tables(environment, weed, tmp_path, monkeypatch):
    """The code for newslake, pyiceberg and DuckDB has all rows of a table."""
    values = {"REST__SIGV4_ENABLED": "true", "REST__SIGNING_NAME": "s3tables", "REST__SIGNING_REGION": REGION}
    values |= {"S3__ENDPOINT": weed.endpoint, "S3__REGION": REGION}
    given = {f"PYICEBERG_CATALOG__NEWS__{name}": value for name, value in values.items()}
    given |= {**weed.admin.environment(), "AWS_ENDPOINT_URL": weed.endpoint, "AWS_ALLOW_HTTP": "true"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    namespace = environment.places.namespace
    here = {
        "https://catalog.example.org/iceberg": weed.catalog_url,
        "s3://bucket": weed.warehouse,
        "newslake.quotes": f"{namespace}.quotes",
        'namespace="newslake"': f'namespace="{namespace}"',
    }
    code = "\n".join(
        [*code_of_docs("On the shared store"), "print(rows.num_rows, quotes_of_files.count('*').fetchall())"]
    )
    for printed, value in here.items():
        assert printed in code
        code = code.replace(printed, value)
    (tmp_path / "code.py").write_text(code)
    done = subprocess.run([sys.executable, tmp_path / "code.py"], capture_output=True, text=True, check=False)

    assert done.stdout == "3 [(3,)]\n", done.stderr


# Newsroom and agents.


def test_pages_show_the_shared_tables(environment):
    """Pages, charts and files of Newsroom show the rows of the shared tables."""
    from newslake.pipeline.addons.newsroom.page_request import NewsroomRequest
    from newslake.pipeline.addons.newsroom.responders import routes

    handlers = routes()

    def body(path: str, slug: str = "", **query: str) -> str:
        return handlers[path](NewsroomRequest(query, {"slug": slug})).content.decode()

    days = {"from": "2026-02-03", "to": "2026-03-15"}
    assert [f"Story {number}" in body("/articles", **days) for number in (1, 2, 3, 4)] == [True, True, False, True]
    assert '"Story 4"' in body("/articles.json", **days)
    assert "Search the last year" in body("/people", **days)
    assert "3 quotes without a named person" in body("/questions/{slug}", "top-speakers", **days)
    assert "," in body("/questions/{slug}.csv", "top-speakers", **days).splitlines()[0]
    assert "<svg" in body("/questions/{slug}.svg", "coverage", **days)
    assert "Events" in body("/events", **days)


def test_agents_read_the_shared_tables(environment):
    """The tools of agents answer from the shared tables."""
    found = answer_call(Settings.load(), "sql", {"statement": "SELECT count(*) AS n FROM articles"})

    assert not found.is_error
    assert "3" in json.dumps(found.structured_content)
    described = answer_call(Settings.load(), "tables", {"table": "quotes"})
    assert "quote_text" in json.dumps(described.structured_content)
