"""The metadata of the data: in each file, in datapackage.json and in the data contract."""

import json
from pathlib import Path

import duckdb
import frictionless
import pyarrow.parquet as pq
import pytest

from newslake.pipeline.lake import Lake
from newslake.pipeline.tables import TABLE_SPECS, TABLES
from newslake.pipeline.tables.datapackage import contract_bytes
from tests.unit.lake.rows import Story, near_duplicate_rows
from tests.unit.lake.test_commit import DAY, commit, lake, open_lake
from tests.unit.lake.test_log_tables import append, outcome

__all__ = ["lake"]


def package_of(root: Path) -> dict[str, object]:
    return json.loads((root / "datapackage.json").read_bytes())


def fill(lake: Lake) -> None:
    stories = [Story(1), Story(2), Story(4, day=1)]
    commit(lake, stories)
    lake.replace("near_duplicates", lambda: {DAY: near_duplicate_rows(stories[:2])})
    append(lake, "run-1", outcome("https://harbour.example/a"))


def test_every_file_explains_itself(lake: Lake, tmp_path: Path) -> None:
    """Each file of a table or the log has the name and description of its table, and the schema version."""
    fill(lake)
    paths = sorted((tmp_path / "lake").rglob("*.parquet"))
    assert {path.parts[-3] for path in paths} >= {
        "articles",
        "entities",
        "quotes",
        "events",
        "near_duplicates",
        "outcomes",
    }
    for path in paths:
        spec = TABLE_SPECS[path.parts[-3]]
        schema = pq.read_schema(path)
        stated = {b"table": spec.name.encode(), b"about": spec.about.encode(), b"schema_version": b"3"}
        assert stated.items() <= schema.metadata.items()
        assert schema.names == [column.name for column in spec.file_columns]


def test_duckdb_reads_the_metadata_of_a_file(lake: Lake, tmp_path: Path) -> None:
    """DuckDB reads the description of the table, and the columns, from the metadata of the file."""
    commit(lake, [Story(1)])
    path = tmp_path / f"lake/tables/quotes/published_month=2026-02/{DAY}.parquet"
    metadata = dict(duckdb.sql(f"SELECT decode(key), decode(value) FROM parquet_kv_metadata('{path}')").fetchall())
    assert (metadata["about"], metadata["schema_version"]) == (TABLE_SPECS["quotes"].about, "3")
    columns = duckdb.sql(f"SELECT name FROM parquet_schema('{path}')").fetchall()
    assert {name for (name,) in columns} >= {column.name for column in TABLE_SPECS["quotes"].columns}


def test_package_is_valid_and_says_it_all(lake: Lake, tmp_path: Path) -> None:
    """After a commit, frictionless accepts the package; each table has its columns, keys, rows and bytes."""
    fill(lake)
    package = package_of(tmp_path / "lake")
    report = frictionless.Package.validate_descriptor(package)
    assert report.valid, report.flatten(["note"])
    resources = {each["name"]: each for each in package["resources"]}
    assert next(iter(resources)) == "articles"
    assert resources.keys() == {spec.name for spec in TABLES}
    for spec in TABLES:
        fields = {field["name"]: field for field in resources[spec.name]["schema"]["fields"]}
        assert [each["description"] for each in fields.values()] == [c.about for c in spec.file_columns]
        assert {name for name, each in fields.items() if each.get("constraints", {}).get("required")} == {
            column.name for column in spec.file_columns if not column.nullable
        }
        assert resources[spec.name]["schema"]["primaryKey"] == list(spec.whole_key)
        assert resources[spec.name]["path"].endswith(f"/{spec.name}/{spec.month_column}=*/*.parquet")
    assert (resources["articles"]["rows"], resources["near_duplicates"]["rows"], resources["revisions"]["rows"]) == (
        3,
        2,
        0,
    )
    assert package["period"] == {"first": "2026-02-03", "last": "2026-02-04"}
    assert package["created"] == "2026-02-03T12:00:00+00:00"
    [key] = resources["quotes"]["schema"]["foreignKeys"]
    assert key["reference"] == {"resource": "articles", "fields": ["article_id", "revision_id"]}


def test_paths_of_the_package_open_the_tables(lake: Lake, tmp_path: Path) -> None:
    """The glob pattern of each table finds its rows and bytes, and no others."""
    fill(lake)
    root = tmp_path / "lake"
    for each in package_of(root)["resources"]:
        if each.get("rows"):
            query = f"SELECT count(*) FROM read_parquet('{root}/{each['path']}', hive_partitioning = true)"
            assert duckdb.sql(query).fetchall() == [(each["rows"],)]
            assert sum(path.stat().st_size for path in root.glob(each["path"])) == each["bytes"]


@pytest.mark.parametrize("orders", [((1, 2), (4,)), ((4,), (2,), (1,))])
def test_package_depends_on_the_tables_alone(tmp_path: Path, orders: tuple[tuple[int, ...], ...]) -> None:
    """The package has the same bytes for any order and time of the batches; a no-op does not rewrite it."""
    trees = []
    for name, order in (("a", orders), ("b", ((1, 2, 4),))):
        lake = open_lake(tmp_path / name)
        for number, stories in enumerate(order):
            commit(lake, [Story(each) for each in stories], batch_id=f"b{number}")
        trees.append((tmp_path / name / "datapackage.json").read_bytes())
    assert trees[0] == trees[1]
    before = (tmp_path / "b" / "datapackage.json").stat()
    commit(lake, [Story(1)], batch_id="again")
    after = (tmp_path / "b" / "datapackage.json").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_lost_package_is_written_again(lake: Lake, tmp_path: Path) -> None:
    """Recover writes a missing or wrong package, and says so, also if the article index is lost."""
    fill(lake)
    path = tmp_path / "lake" / "datapackage.json"
    whole = path.read_bytes()
    path.write_bytes(b"{}")
    assert lake.recover() == ("wrote datapackage.json",)
    path.unlink()
    for file in (tmp_path / "lake" / "_state").glob("index.sqlite*"):
        file.unlink()
    open_lake(tmp_path / "lake").recover()
    assert path.read_bytes() == whole


def test_lake_and_snapshot_have_a_contract(lake: Lake, tmp_path: Path) -> None:
    """The contract is in the lake and in a snapshot, there without log tables; its paths find the files of a table."""
    fill(lake)
    lake.snapshots.take("v1")
    roots = {True: tmp_path / "lake", False: tmp_path / "snapshots" / "v1"}
    for has_log, root in roots.items():
        written = (root / "datacontract.odcs.yaml").read_bytes()
        assert written == contract_bytes(has_log=has_log)
        [server] = json.loads(written)["servers"]
        for table, folder in (("quotes", "tables"), ("outcomes", "log")):
            found = set(root.glob(server["path"].replace("{model}", table)))
            assert found == set(root.glob(f"{folder}/{table}/**/*.parquet"))
            assert bool(found) is (has_log or folder == "tables")


def test_lost_contract_is_reported_and_written_again(lake: Lake, tmp_path: Path) -> None:
    """Verify names a missing or changed contract, recover writes it; a damaged one of a snapshot is named."""
    fill(lake)
    lake.snapshots.take("v1")
    path = tmp_path / "lake" / "datacontract.odcs.yaml"
    whole = path.read_bytes()
    path.write_bytes(whole[:-2])
    [problem] = lake.verify()
    assert problem.startswith("datacontract.odcs.yaml: differs from the tables")
    path.unlink()
    assert lake.recover() == ("wrote datacontract.odcs.yaml",)
    assert (path.read_bytes(), lake.verify()) == (whole, ())
    copy = tmp_path / "snapshots" / "v1" / "datacontract.odcs.yaml"
    copy.unlink()
    copy.write_bytes(b"{")
    assert [each.partition(": ")[0] for each in lake.snapshots.verify("v1")] == ["v1/datacontract.odcs.yaml"]
