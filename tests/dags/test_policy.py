"""Rules for all DAG files."""

import ast
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from newslake.pipeline import errors
from tests.cluster.compose import variables_of_example

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "dags").glob("*.py"))
HEAVY = ("spacy", "bs4", "pyarrow", "requests", "duckdb")

pytestmark = pytest.mark.airflow


def test_every_dag_file_imports(bag) -> None:
    """Every DAG file can be imported, and has one DAG with the name of the file."""
    assert bag.import_errors == {}
    assert sorted(bag.dags) == [file.stem for file in FILES]


def test_every_dag_is_documented(bag) -> None:
    """Every DAG has a description, a name to read and tags; every task a text, a name to read, an owner, retries and a
    timeout."""
    for dag in bag.dags.values():
        assert (bool(dag.doc_md), dag.dag_display_name != dag.dag_id) == (True, True), dag.dag_id
        assert {"newslake"} < dag.tags
        for task in dag.tasks:
            assert (task.owner, task.retries >= 2, bool(task.execution_timeout)) == ("newslake", True, True), task
            assert (bool(task.doc_md), task.task_display_name != task.task_id) == (True, True), task


def test_a_day_is_a_field_of_the_form(bag) -> None:
    """The DAGs of a day have a date field that may be empty; a value that is not a date is refused before the run."""
    from airflow.sdk.exceptions import ParamValidationError

    fields = {dag.dag_id: dag.params for dag in bag.dags.values()}
    assert {dag_id for dag_id, params in fields.items() if "day" in params} == {"news_ingest", "news_extract"}
    for dag_id in ("news_ingest", "news_extract"):
        field = fields[dag_id].get_param("day")
        assert (field.resolve(None), field.resolve("2026-03-04"), field.schema["format"]) == (
            None,
            "2026-03-04",
            "date",
        )
        for wrong in ("yesterday", "2026-13-01", 5):
            with pytest.raises(ParamValidationError):
                field.resolve(wrong)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_dag_file_only_defines_the_dag(file: Path) -> None:
    """A DAG file has less than 80 lines and reads no clock."""
    source = file.read_text("utf-8")
    names = {node.attr for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)}
    assert source.count("\n") < 80
    assert names & {"now", "today", "utcnow"} == set()


def test_parsing_a_dag_file_loads_no_heavy_library() -> None:
    """Importing every DAG file loads none of the heavy libraries."""
    code = (
        "import sys, runpy; sys.path[:0] = ['plugins', '.']\n"
        f"for f in {[str(file) for file in FILES]!r}: runpy.run_path(f)\n"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.fixture
def day_of(bag):
    """The function under test, imported after Airflow's settings are made."""
    from news_airflow.task_context import day_of

    return day_of


def test_day_is_the_partition_key(day_of) -> None:
    """The day of a run is its key; the key has precedence over conf."""
    run = SimpleNamespace(partition_key="2026-03-02", conf={"day": "2026-03-09"}, run_id="r")
    assert day_of(run).isoformat() == "2026-03-02"


def test_day_is_the_conf_without_a_key(day_of) -> None:
    """Without a key, as in process, conf names the day."""
    run = SimpleNamespace(partition_key=None, conf={"day": "2026-03-09"}, run_id="r")
    assert day_of(run).isoformat() == "2026-03-09"


@pytest.mark.parametrize(
    ("conf", "found"),
    [
        (None, "it has none"),
        ({"date": "2026-03-02"}, "it has none"),
        ({"day": "yesterday"}, "'yesterday' is not a day"),
        ({"day": "2026-13-01"}, "'2026-13-01' is not a day"),
        ({"day": 5}, "5 is not a day"),
        ({"day": ["2026-03-02"]}, "['2026-03-02'] is not a day"),
    ],
    ids=str,
)
def test_a_run_without_a_day_is_refused(day_of, conf: dict[str, object] | None, found: str) -> None:
    """A run without a day fails without a retry, and says what it found and what to give."""
    from airflow.sdk.exceptions import AirflowFailException

    with pytest.raises(AirflowFailException) as caught:
        day_of(SimpleNamespace(dag_id="news_extract", partition_key=None, conf=conf, run_id="r"))
    assert str(caught.value).startswith(f"news_extract needs a news day, and {found}. Trigger it again and ")
    assert '{"day": "2026-03-04"}' in str(caught.value)


def test_retries_follow_the_dispositions(bag) -> None:
    """A transient error and one of a service are retried, any other NewsError is not; else Airflow's own rule holds.

    A suspect is pending in a task that succeeds: the next run tries it, and no rule is about it.
    """
    from news_airflow.defaults import RETRY_POLICY

    leaves = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, errors.NewsError)]
    for leaf in leaves:
        decided = RETRY_POLICY.evaluate(leaf("x"), try_number=1, max_tries=2).action.value
        is_retried = leaf in (errors.TransientFetchError, errors.StoreError)
        assert decided == ("retry" if is_retried else "fail"), leaf
    assert RETRY_POLICY.evaluate(OSError(28, "x"), try_number=1, max_tries=2).action.value == "default"


def test_every_pool_is_created(bag) -> None:
    """Every task uses a pool that `make up` and the cluster create, or Airflow's default pool."""
    from news_airflow.defaults import POOLS

    pools = {task.pool for dag in bag.dags.values() for task in dag.tasks}
    assert pools == {"default_pool", *POOLS}


def test_processing_always_has_a_slot(bag) -> None:
    """Slow sources, online and on disk at once, leave a slot for processing, with the slots of `make up` and of one
    worker of the cluster."""
    from news_airflow.defaults import FILES_POOL, POOLS, WEB_POOL
    from news_airflow.local_airflow import environment

    waiting = POOLS[WEB_POOL][0] + POOLS[FILES_POOL][0]
    assert waiting < int(environment(Path())["AIRFLOW__CORE__PARALLELISM"])
    assert waiting < int(variables_of_example()["AIRFLOW_WORKER_CONCURRENCY"])
