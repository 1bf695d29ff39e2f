"""Newsroom with Airflow's login: every URL refuses strangers, and every response has its headers."""

import asyncio
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from fastapi import Request
from fastapi.testclient import TestClient

from newslake.pipeline.errors import ConfigError, LakeError, LimitError
from tests.dags.airflow_api import altered, ask, token_of

ROOT = Path(__file__).parents[2]
# Written here, not read from the add-ons: their order, their number and their URLs are what is tested.
PAGES = (
    "/",
    "/coverage",
    "/pages",
    "/why",
    "/articles",
    "/articles/{article_id}",
    "/search",
    "/people",
    "/people/{entity_id}",
    "/organisations",
    "/organisations/{entity_id}",
    "/events",
    "/events/map",
    "/questions",
    "/questions/{slug}",
)
PATHS = (
    *PAGES,
    *(f"{path}.json" for path in PAGES if path != "/"),
    "/questions/{slug}.svg",
    "/questions/{slug}.csv",
)
ADDRESSES = [path.format(article_id="0" * 32, entity_id="Q1", slug="top-speakers") for path in PATHS]
_OF_NOTHING = ("/articles/", "/people/", "/organisations/")  # the lake of this test has no rows
IMPORT_MS, TRIES = 50.0, 5
LIGHT = {"difflib", "dotenv", "news_airflow", "news_plugin", "newslake", "pluggy", "tomllib"}
_TIMED = """\
import sys, time
import airflow.plugins_manager, {before}
loaded = set(sys.modules)
began = time.process_time()
import news_plugin
print((time.process_time() - began) * 1000)
print(*(set(sys.modules) - loaded))
"""


@pytest.mark.parametrize("address", ADDRESSES)
def test_strangers_are_refused(origin: str, address: str) -> None:
    """No session, a forged token, an expired token, or a role without access to the DAG is refused."""
    reader = token_of(origin, "reader")
    head, body, seal = reader.split(".")
    requests = {
        "nobody": {},
        "nonsense": {"Authorization": "Bearer nonsense"},
        "nonsense cookie": {"Cookie": "_token=nonsense"},
        "forged": {"Authorization": f"Bearer {head}.{body}.{seal[::-1]}"},
        "over": {"Authorization": f"Bearer {altered(reader, exp=1)}"},
        "no role": {"Authorization": f"Bearer {altered(reader, role=None)}"},
        "no role, another DAG": {"Authorization": f"Bearer {altered(reader, role=None)}"},
    }
    for who, headers in requests.items():
        path = f"/newsroom{address}" + ("?dag_id=any" if "another" in who else "")
        status, sent, text = ask(origin, path, **headers)
        assert status in (401, 403), who
        assert "default-src 'none'" in sent["content-security-policy"], who
        assert len(text if address.endswith(".json") else text.split("<main")[1]) < 500, who


def test_unaltered_tokens_are_accepted(origin: str) -> None:
    """The refusals are due to the altered claims: the same token, signed again without changes, is accepted."""
    reader = altered(token_of(origin, "reader"))

    assert ask(origin, "/newsroom/questions", Authorization=f"Bearer {reader}")[0] == 200


@pytest.mark.parametrize("address", ADDRESSES)
def test_readers_have_access(origin: str, address: str) -> None:
    """A reader of the DAG can open every page, also before the first fetch; pages are private and without scripts."""
    queries = {"/pages": "?source=post", "/why": "?url=https://post.example/1", "/search": "?q=ferry"}
    query = queries.get(address.removesuffix(".json"), "")
    headers = {"Cookie": f"_token={token_of(origin, 'reader')}"}
    status, sent, text = ask(origin, f"/newsroom{address}{query}", **headers)

    assert status == (404 if address.startswith(_OF_NOTHING) else 200), text
    assert sent["x-content-type-options"] == "nosniff"
    assert sent["referrer-policy"] == "no-referrer"
    assert sent["cache-control"].startswith("private")
    assert sent["content-security-policy"].startswith("default-src 'none'; style-src '")
    assert "script" not in sent["content-security-policy"]
    assert "<script" not in text
    if address.endswith(".json"):
        assert sent["content-type"] == "application/json"
        assert json.loads(text)


def test_other_requests_are_refused(origin: str) -> None:
    """There is no API description and no other page, and other methods are refused."""
    headers = {"Authorization": f"Bearer {token_of(origin, 'editor')}"}
    for path in ("/docs", "/redoc", "/openapi.json", "/style.css", "/coverage/", "/../etc/passwd"):
        status, sent, text = ask(origin, f"/newsroom{path}", **headers)
        assert (status, "Coverage" in text) == (404, True), path
        assert "content-security-policy" in sent
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert ask(origin, "/newsroom/coverage", method=method, **headers)[0] == 405


def test_newsroom_is_in_the_navigation(origin: str) -> None:
    """Airflow's list of plugins has the view, loaded once and without an error."""
    headers = {"Authorization": f"Bearer {token_of(origin, 'editor')}"}
    plugins = json.loads(ask(origin, "/api/v2/plugins", **headers).text)["plugins"]
    errors = json.loads(ask(origin, "/api/v2/plugins/importErrors", **headers).text)

    views = [(view["href"], view["destination"]) for plugin in plugins for view in plugin["external_views"]]
    assert views == [("newsroom/", "nav")]
    assert errors["total_entries"] == 0


@pytest.fixture
def app(bag):
    """The application alone, with access granted."""
    from newslake.pipeline.addons.newsroom.web_app import newsroom_app

    return newsroom_app(lambda: None)


def test_every_route_checks_access(bag) -> None:
    """Every route has the access check of Airflow."""
    from news_airflow.web_apps import access_of

    from newslake.pipeline.addons.newsroom.web_app import newsroom_app

    access = access_of("Newsroom")
    app = newsroom_app(access.check, messages=access.messages)

    assert {route.path for route in app.routes} == set(PATHS)
    for route in app.routes:
        assert access.check in {each.call for each in route.dependant.dependencies}, route.path


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (LimitError("the query exceeded 20 seconds"), 503, "the query exceeded 20 seconds"),
        (ConfigError("day=x is not a valid date"), 400, "day=x is not a valid date"),
        (ConfigError("unknown question", reason="no_such_question"), 404, "unknown question"),
        (LakeError("run `newslake lake repair`"), 500, "newslake lake repair"),
        (ZeroDivisionError("<b>secret</b>"), 500, "api-server"),
    ],
)
def test_errors_are_pages(app, error: Exception, status: int, message: str) -> None:
    """An error is shown in the layout of the other pages; a bug has no details."""
    from newslake.pipeline.addons.newsroom.web_app import endpoint

    def broken(request: object) -> object:
        raise error

    app.add_api_route("/broken", endpoint(broken, root="", slots=asyncio.Semaphore(1)))
    try:
        answer = TestClient(app, raise_server_exceptions=False).get("/broken")
    finally:
        del app.router.routes[-1]
    assert (answer.status_code, message in answer.text, "secret" in answer.text) == (status, True, False)


def test_errors_of_json_are_json(app, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page as JSON has the limits and errors of the page, with status, title and message."""
    monkeypatch.setenv("NEWS_DATA_DIR", str(tmp_path))
    client = TestClient(app, raise_server_exceptions=False)
    invalid, unknown = client.get("/people.json?from=x"), client.get("/questions/none-such.json")
    monkeypatch.setenv("NEWS_NEWSROOM_SECONDS", "0.000001")
    slow = client.get("/events.json")

    assert [each.status_code for each in (invalid, unknown, slow)] == [400, 404, 503]
    assert invalid.json()["error"]["message"].startswith("from=x is not a valid date")
    assert "select fewer days" in slow.json()["error"]["message"]


def test_an_abandoned_request_keeps_its_slot(bag) -> None:
    """A thread cannot be stopped, so it occupies its slot until it ends."""
    from newslake.pipeline.addons.newsroom.page_request import HttpAnswer
    from newslake.pipeline.addons.newsroom.web_app import endpoint

    begun, may_end = threading.Event(), threading.Event()

    def slow(request: object) -> HttpAnswer:
        begun.set()
        may_end.wait(300)
        return HttpAnswer(b"", "text/plain")

    async def leave_early() -> bool:
        slots = asyncio.Semaphore(1)
        scope = {"type": "http", "query_string": b"", "path_params": {}}
        request = Request(scope, receive=asyncio.Event().wait)
        waiting = asyncio.create_task(endpoint(slow, root="", slots=slots)(request))
        await asyncio.to_thread(begun.wait, 300)
        waiting.cancel()
        await asyncio.wait([waiting])
        is_taken = slots.locked()
        may_end.set()
        await asyncio.wait_for(slots.acquire(), 300)
        return is_taken

    assert asyncio.run(leave_early())


def test_a_page_over_the_time_limit_is_stopped(app, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page is stopped at the time limit of the settings, and says how to change the request."""
    monkeypatch.setenv("NEWS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("NEWS_NEWSROOM_SECONDS", "0.000001")
    answer = TestClient(app).get("/questions/top-speakers")

    assert answer.status_code == 503
    assert "select fewer days" in answer.text


@pytest.mark.parametrize("before", ["airflow.jobs.scheduler_job_runner", "airflow.sdk.execution_time.task_runner"])
def test_plugin_is_cheap_to_import(tmp_path: Path, before: str) -> None:
    """Every component imports the plugin, so it takes at most 50 ms of CPU and loads of each add-on only addon.py."""
    script = _TIMED.format(before=before)
    environment = {"AIRFLOW_HOME": str(tmp_path), "PYTHONPATH": str(ROOT / "plugins"), "PATH": "/usr/bin"}
    taken = []
    for _ in range(TRIES):
        done = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True, cwd=tmp_path
        )
        milliseconds, loaded = done.stdout.splitlines()[-2:]
        taken.append(float(milliseconds))
        names = loaded.split()
        assert {name.split(".")[0] for name in names} <= LIGHT
        assert {name.split(".")[4] for name in names if name.count(".") > 3} <= {"addon", "apps"}
        if taken[-1] <= IMPORT_MS:
            break
    assert min(taken) <= IMPORT_MS
