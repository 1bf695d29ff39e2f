"""Access to Airflow's web server: which hosts it answers for, which pages may change something, which tokens count."""

import json

import pytest

from tests.browser.airflow import ALLOWED_HOST, PASSWORDS
from tests.dags.airflow_api import altered, ask, log_in, token_of

pytestmark = pytest.mark.airflow

# One path of each part of the server.
PATHS = ("/", "/auth/login", "/auth/token", "/api/v2/version", "/execution/health", "/newsroom/coverage")
FOREIGN = ("evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.", "2130706433", "[::2]", "", "[")
RUN = "/api/v2/dags/news_maintain/dagRuns"
BODY = json.dumps({"logical_date": None})


@pytest.mark.parametrize("path", PATHS)
def test_foreign_hosts_are_refused(origin: str, path: str) -> None:
    """A request for another host, as after DNS rebinding, is refused in every part of the server, and says why."""
    for host in FOREIGN:
        reply = ask(origin, path, Host=host)
        assert (reply.status, "NEWS_ALLOWED_HOSTS" in reply.text) == (400, True), host


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:8080", "[::1]:8080", ALLOWED_HOST])
def test_own_hosts_are_accepted(origin: str, host: str) -> None:
    """Names of loopback and names in the settings are accepted, with any port."""
    assert ask(origin, "/api/v2/version", Host=host).status == 200


def test_nobody_gets_a_token_without_a_password(origin: str) -> None:
    """Neither a plain request, nor a wrong or an empty password, nor an unknown user gets a token."""
    assert ask(origin, "/auth/token").status == 403
    assert ask(origin, "/auth/token/login").status == 403
    for name, password in (("editor", "x"), ("editor", ""), ("", ""), ("admin", "admin"), ("anonymous", "x")):
        reply = log_in(origin, name, password)
        assert (reply.status in (400, 401), "access_token" in reply.text) == (True, False), name


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:1"},  # a cookie is sent to all ports of a host
        {"Origin": f"ftp://{ALLOWED_HOST}"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://["},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
    ids=str,
)
def test_foreign_origins_change_nothing(origin: str, headers: dict[str, str]) -> None:
    """A page of another origin can neither log in, nor start a run with the cookie of a logged-in user."""
    cookie = f"_token={token_of(origin, 'editor')}"
    run = ask(origin, RUN, method="POST", body=BODY, Content_Type="application/json", Cookie=cookie, **headers)

    assert run.status == 403
    assert "may not change anything" in run.text
    assert log_in(origin, "editor", PASSWORDS["editor"], **headers).status == 403
    assert ask(origin, "/newsroom/questions", Cookie=cookie, **headers).status == 200


def test_own_pages_change_things(origin: str) -> None:
    """Airflow's own pages, its own pages behind a proxy that replaces the Host, and programs can send changes."""
    for headers in (
        {"Origin": origin},
        {"Origin": "http://localhost", "Host": "localhost:80"},
        {"Origin": f"https://{ALLOWED_HOST}"},
        {"Sec_Fetch_Site": "same-origin"},
        {},
    ):
        assert log_in(origin, "editor", PASSWORDS["editor"], **headers).status == 201, headers


def test_only_valid_tokens_of_sufficient_roles_count(origin: str) -> None:
    """An expired or forged token, one of another signer, or one of a role without the right starts no run."""
    editor, reader = (token_of(origin, name) for name in ("editor", "reader"))
    head, body, seal = editor.split(".")
    tokens = {
        "expired": altered(editor, exp=1),
        "not yet valid": altered(editor, nbf=4_000_000_000),
        "forged": f"{head}.{body}.{seal[::-1]}",
        "unsigned": f"{head}.{body}.",
        "of another signer": altered(editor, secret="another secret " * 8),
        "for another audience": altered(editor, aud="another"),
        "reader": reader,
        "reader who claims to be admin": altered(reader, secret="another secret " * 8, role="admin"),
        "no role": altered(editor, role=None),
    }
    statuses = {who: _status_of_run(origin, token) for who, token in tokens.items()}

    assert {who: status for who, status in statuses.items() if status not in (401, 403)} == {}
    assert _status_of_run(origin, editor) == 404  # it is admitted, and this server has read no DAGs


def _status_of_run(origin: str, token: str) -> int:
    headers = {"Content_Type": "application/json", "Authorization": f"Bearer {token}"}
    return ask(origin, RUN, method="POST", body=BODY, **headers).status


def test_login_is_no_key_to_the_tasks_api(origin: str) -> None:
    """The token of a user does not open the API of the tasks."""
    path = "/execution/variables/anything"

    assert ask(origin, path, Authorization=f"Bearer {token_of(origin, 'editor')}").status in (401, 403)
    assert ask(origin, path).status in (401, 403)


def test_login_cookie_is_protected(origin: str) -> None:
    """A page sets the cookie of a login again, out of reach of scripts and of forms of other sites."""
    token = token_of(origin, "reader")
    page = ask(origin, "/", Accept="text/html", Cookie=f"_token={token}")

    assert page.headers["set-cookie"] == f"_token={token}; HttpOnly; Path=/; SameSite=lax"
