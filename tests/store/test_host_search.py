"""Search on the shared store: the host that searches updates its own index, and no other host does."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from news_airflow.tasks import TASKS
from pydantic import SecretStr

from newslake.pipeline.addons.search import upkeep as search_index
from newslake.pipeline.agents.server import answer_call
from newslake.pipeline.errors import LimitError
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings
from newslake.pipeline.upkeep.maintenance import repair
from tests.store.shared_town import SharedTown
from tests.unit.upkeep.town import DOOMED, STAYING, forget_all, run

pytestmark = [pytest.mark.model]


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let searches wait for an update however slow this machine is."""
    monkeypatch.setattr(search_index, "UPDATE_SECONDS", 60.0)


@pytest.fixture
def town(town: SharedTown) -> SharedTown:
    """The newsroom with its pages online."""
    town.write(1)
    town.lists(*DOOMED, *STAYING)
    return town


@pytest.fixture
def worker(town: SharedTown) -> Workspace:
    """A host that has committed the pages."""
    space = town.space("data")
    run(space, "0")
    return space


@pytest.fixture
def reader(town: SharedTown, worker: Workspace, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data root of another host, whose settings are in the environment."""
    own = town.folder / "reader"
    settings = town.services("data").settings(**{**town.given(), "data_dir": own})
    for model in settings.models():
        for name in model.model_fields_set:
            monkeypatch.setenv(f"NEWS_{name.upper()}", as_text(getattr(model, name)))
    return own


def as_text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return value.isoformat() if isinstance(value, datetime) else str(value)


def page(path: str = "/search", **query: str) -> str:
    """Return a page of Newsroom on the host of the environment."""
    from newslake.pipeline.addons.newsroom.page_request import NewsroomRequest
    from newslake.pipeline.addons.newsroom.responders import routes

    return routes()[path](NewsroomRequest(query)).content.decode()


def index_files(data_dir: Path) -> list[Path]:
    return [*data_dir.rglob("search.sqlite*")]


def bytes_of_index(data_dir: Path) -> bytes:
    return b"".join(path.read_bytes() for path in index_files(data_dir))


@contextmanager
def other_update(reader: Path) -> Iterator[None]:
    """Be the process of the host that updates its index; searches wait for a short time."""
    reader.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch, (reader / "search.lock").open("a") as lock:
        patch.setattr(search_index, "UPDATE_SECONDS", 0.2)
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def test_page_follows_commits_and_takedowns_of_other_hosts(town, worker, reader):
    """A page finds what another host committed; the words of its takedowns leave the file at the next search.

    While the update takes long, no page shows what was taken down. Neither a commit nor a repair makes an index on a
    host that does not search.
    """
    repair(worker)
    assert index_files(worker.settings.data_dir) == []
    assert "Search" in page()
    assert index_files(reader) == []  # the form alone searches nothing

    assert "1 to " in page(q="Quackenthorpe")
    assert b"quackenthorpe" in bytes_of_index(reader)

    forget_all(worker, town)

    with other_update(reader):
        html = page(q="Quackenthorpe")
    assert "The search index of this host is being updated" in html
    assert "No matching articles" in html
    found = json.loads(page("/search.json", q="Quackenthorpe"))
    assert (found["total"], found["is_current"]) == (0, True)
    assert b"quackenthorpe" not in bytes_of_index(reader)
    assert "No matching articles" in page(q="Quackenthorpe")
    assert index_files(worker.settings.data_dir) == []


def test_recover_leaves_the_index_to_the_next_search(worker, reader):
    """The first task of the night makes no index on the host where it runs."""
    assert TASKS["recover"]()["repaired"] == []
    assert index_files(reader) == []
    assert index_files(worker.settings.data_dir) == []


def test_search_does_not_wait_for_a_long_update(worker, reader):
    """While another process of the host builds the index, pages and agents say so; later they find the articles."""
    with other_update(reader):
        with pytest.raises(LimitError, match="is being built from all articles") as caught:
            page(q="Brandt")
        assert caught.value.reason == "search_building"
        answer = answer_call(Settings.load(), "search", {"text": "Brandt"})
        assert answer.is_error
        assert "is being built from all articles" in str(answer)
    found = answer_call(Settings.load(), "search", {"text": "Brandt"})
    assert found.structured_content["total"] > 0
    assert "best first" in page(q="Brandt")
