"""Newsroom behind Airflow's own login: strangers are refused on every address, and every answer carries its headers."""

import asyncio
import base64
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import jwt
import pytest
from fastapi import Request, Response
from fastapi.testclient import TestClient

from pipeline.errors import ConfigError, LakeError, LimitError
from tests.browser.airflow import PASSWORDS, airflow_pages

ROOT = Path(__file__).parents[2]
# Not taken from web_app: it imports airflow, whose settings are made later than the tests are collected.
PATHS = (
    "/",
    "/coverage",
    "/pages",
    "/why",
    "/articles",
    "/articles/{article_id}",
    "/questions",
    "/questions/{slug}.svg",
    "/questions/{slug}.csv",
    "/questions/{slug}",
)
ADDRESSES = [path.format(article_id="0" * 32, slug="top-speakers") for path in PATHS]
SECRET = "of one test run, and long enough that nobody warns about its length " * 2
IMPORT_MS, TRIES = 50.0, 5
_TIMED = """\
import sys, time
import airflow.plugins_manager, {before}
loaded = set(sys.modules)
began = time.process_time()
import news_plugin
print((time.process_time() - began) * 1000)
print(*sorted({{name.split(".")[0] for name in set(sys.modules) - loaded}}))
"""


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a real api-server answers that asks for a login, over a data root without a lake."""
    root = tmp_path_factory.mktemp("empty").resolve()
    (root / "sources.toml").write_text("[sources.post]\nkind = 'feed'\nurl = 'http://127.0.0.1:9/feed'\n")
    with airflow_pages(root) as wait:
        yield wait()


def ask(origin: str, path: str, *, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], str]:
    """Return status, headers and text of an answer."""
    connection = HTTPConnection(urlsplit(origin).netloc, timeout=60)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()
    finally:
        connection.close()


def token_of(origin: str, name: str) -> str:
    """Return the token of a user who logs in."""
    connection = HTTPConnection(urlsplit(origin).netloc, timeout=60)
    body = json.dumps({"username": name, "password": PASSWORDS[name]})
    connection.request("POST", "/auth/token", body, {"Content-Type": "application/json"})
    return json.loads(connection.getresponse().read())["access_token"]


def altered(token: str, **claims: object) -> str:
    """Return a token that Airflow's own key signed, with other claims."""
    payload = token.split(".")[1]
    given = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return jwt.encode({**given, **claims}, SECRET, algorithm="HS512", headers={"kid": "not-used"})


@pytest.mark.parametrize("address", ADDRESSES)
def test_strangers_are_refused(origin: str, address: str) -> None:
    """Without a session, with a token that nobody signed, one that is over, and a role that may not read the DAG."""
    reader = token_of(origin, "reader")
    head, body, seal = reader.split(".")
    told = {
        "nobody": {},
        "nonsense": {"Authorization": "Bearer nonsense"},
        "nonsense cookie": {"Cookie": "_token=nonsense"},
        "forged": {"Authorization": f"Bearer {head}.{body}.{seal[::-1]}"},
        "over": {"Authorization": f"Bearer {altered(reader, exp=1)}"},
        "no role": {"Authorization": f"Bearer {altered(reader, role=None)}"},
        "no role, another DAG": {"Authorization": f"Bearer {altered(reader, role=None)}"},
    }
    for who, headers in told.items():
        path = f"/newsroom{address}" + ("?dag_id=any" if "another" in who else "")
        status, sent, text = ask(origin, path, **headers)
        assert status in (401, 403), who
        assert "default-src 'none'" in sent["content-security-policy"], who
        assert len(text.split("<main")[1]) < 400, who


def test_tokens_are_altered_as_meant(origin: str) -> None:
    """The refusals are for what was altered: signed anew as it was, the same token is let in."""
    reader = altered(token_of(origin, "reader"))

    assert ask(origin, "/newsroom/questions", Authorization=f"Bearer {reader}")[0] == 200


@pytest.mark.parametrize("address", ADDRESSES)
def test_readers_are_let_in(origin: str, address: str) -> None:
    """Who may read the DAG sees every page, also before anything was ever fetched; each is private and runs nothing."""
    query = {"/pages": "?source=post", "/why": "?url=https://post.example/1"}.get(address, "")
    headers = {"Cookie": f"_token={token_of(origin, 'reader')}"}
    status, sent, text = ask(origin, f"/newsroom{address}{query}", **headers)

    assert status == (404 if address.startswith("/articles/") else 200), text
    assert sent["x-content-type-options"] == "nosniff"
    assert sent["referrer-policy"] == "no-referrer"
    assert sent["cache-control"].startswith("private")
    assert sent["content-security-policy"].startswith("default-src 'none'; style-src '")
    assert "script" not in sent["content-security-policy"]
    assert "<script" not in text


def test_nothing_else_answers(origin: str) -> None:
    """There is no list of the interface, no other page, and nothing can be sent."""
    headers = {"Authorization": f"Bearer {token_of(origin, 'editor')}"}
    for path in ("/docs", "/redoc", "/openapi.json", "/style.css", "/coverage/", "/../etc/passwd"):
        status, sent, text = ask(origin, f"/newsroom{path}", **headers)
        assert (status, "Coverage" in text) == (404, True), path
        assert "content-security-policy" in sent
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert ask(origin, "/newsroom/coverage", method=method, **headers)[0] == 405


def test_newsroom_is_in_the_navigation(origin: str) -> None:
    """Airflow's own list of plugins has the view, loaded once and without an error."""
    headers = {"Authorization": f"Bearer {token_of(origin, 'editor')}"}
    [plugin] = json.loads(ask(origin, "/api/v2/plugins", **headers)[2])["plugins"]
    errors = json.loads(ask(origin, "/api/v2/plugins/importErrors", **headers)[2])

    assert [(view["href"], view["destination"]) for view in plugin["external_views"]] == [("newsroom/", "nav")]
    assert errors["total_entries"] == 0


@pytest.fixture
def app(bag):
    """The application alone, for a person who was let in."""
    from news_airflow.web_app import newsroom_app

    found = newsroom_app()
    [allowed] = found.router.dependencies
    found.dependency_overrides[allowed.dependency] = lambda: None
    yield found
    found.dependency_overrides.clear()


def test_every_route_asks_airflow(app) -> None:
    """No route is without the question who is there, whoever adds one."""
    [allowed] = app.router.dependencies

    assert {route.path for route in app.routes} == set(PATHS)
    for route in app.routes:
        assert allowed.dependency in {each.call for each in route.dependant.dependencies}, route.path


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (LimitError("it was ended after 20 seconds"), 503, "it was ended after 20 seconds"),
        (ConfigError("day=x is no day"), 400, "day=x is no day"),
        (ConfigError("unknown question", reason="no_such_question"), 404, "unknown question"),
        (LakeError("run `newslake lake repair`"), 500, "newslake lake repair"),
        (ZeroDivisionError("<b>secret</b>"), 500, "api-server"),
    ],
)
def test_errors_are_pages(app, error: Exception, status: int, told: str) -> None:
    """What goes wrong is told in the look of the other pages; of a defect of ours nothing is told."""
    from news_airflow.web_app import _endpoint

    def broken(request: object, root: str) -> object:
        raise error

    app.add_api_route("/broken", _endpoint(broken, root="", slots=asyncio.Semaphore(1)))
    try:
        answer = TestClient(app, raise_server_exceptions=False).get("/broken")
    finally:
        del app.router.routes[-1]
    assert (answer.status_code, told in answer.text, "secret" in answer.text) == (status, True, False)


def test_a_page_that_nobody_waits_for_keeps_its_slot(bag) -> None:
    """A thread cannot be stopped: until it ends, it counts among those that are at work at once."""
    from news_airflow.web_app import _endpoint

    begun, may_end = threading.Event(), threading.Event()

    def slow(request: Request, root: str) -> Response:
        begun.set()
        may_end.wait(30)
        return Response()

    async def leave_early() -> bool:
        slots = asyncio.Semaphore(1)
        waiting = asyncio.create_task(_endpoint(slow, root="", slots=slots)(Request({"type": "http"})))
        await asyncio.to_thread(begun.wait, 30)
        waiting.cancel()
        await asyncio.wait([waiting])
        is_taken = slots.locked()
        may_end.set()
        await asyncio.wait_for(slots.acquire(), 30)
        return is_taken

    assert asyncio.run(leave_early())


def test_a_page_that_costs_too_much_is_ended(app, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page ends at the seconds of the settings, and says what to ask instead."""
    monkeypatch.setenv("NEWS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("NEWS_NEWSROOM_SECONDS", "0.000001")
    answer = TestClient(app).get("/questions/top-speakers")

    assert answer.status_code == 503
    assert "ask for fewer days" in answer.text


@pytest.mark.parametrize("before", ["airflow.jobs.scheduler_job_runner", "airflow.sdk.execution_time.task_runner"])
def test_plugin_costs_next_to_nothing(tmp_path: Path, before: str) -> None:
    """Every component imports the plugin: it takes 50 ms of a processor at most, and loads nothing of its pages."""
    script = _TIMED.format(before=before)
    environment = {"AIRFLOW_HOME": str(tmp_path), "PYTHONPATH": str(ROOT / "plugins"), "PATH": "/usr/bin"}
    taken = []
    for _ in range(TRIES):
        done = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True, cwd=tmp_path
        )
        milliseconds, loaded = done.stdout.splitlines()[-2:]
        taken.append(float(milliseconds))
        assert loaded == "news_plugin"
        if taken[-1] <= IMPORT_MS:
            break
    assert min(taken) <= IMPORT_MS
