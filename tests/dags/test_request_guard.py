"""The guard of the web server alone, around a small application."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI, Response, WebSocket
from fastapi.testclient import TestClient
from starlette.testclient import WebSocketDenialResponse

from tests.cluster.compose import airflow_services, variables_of_example

pytestmark = pytest.mark.airflow

Opening = Callable[..., TestClient]


@pytest.fixture
def opened(bag, monkeypatch: pytest.MonkeyPatch) -> Opening:
    """A function that returns a client of the guarded application for a host, with the settings of the cluster."""
    from news_airflow.request_guard import guard

    values = dict.fromkeys(variables_of_example(), "given") | {"NEWS_ALLOWED_HOSTS": "news.example.org"}
    environment = airflow_services(values)["api"]["environment"]
    for name in ("AIRFLOW__CORE__EXECUTION_API_SERVER_URL", "NEWS_ALLOWED_HOSTS"):
        monkeypatch.setenv(name, environment[name])
    app = FastAPI()

    @app.post("/change")
    def change() -> str:
        return "done"

    @app.get("/page")
    def page(cookie: str = "") -> Response:
        return Response("page", media_type="text/html", headers={"Set-Cookie": cookie} if cookie else {})

    @app.websocket("/talk")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.close()

    return lambda host: TestClient(guard(app), base_url=f"http://{host}")


@pytest.mark.parametrize("host", ["api:8080", "NEWS.example.org", "127.0.0.1:8080", "[::1]", "localhost:"])
def test_hosts_of_the_cluster_are_accepted(opened: Opening, host: str) -> None:
    """The workers reach the API under the name of its service, people under names of .env and of loopback."""
    assert opened(host).post("/change").status_code == 200


def test_other_hosts_are_refused(opened: Opening) -> None:
    """Any other name is refused, also one that contains an allowed name."""
    for host in ("postgres", "api.evil.example", "evil.example", "xnews.example.org"):
        assert opened(host).post("/change").status_code == 400


MALFORMED = (
    *("127.0.0.1:8080.evil.example", "evil.example@127.0.0.1", "evil.example:80@127.0.0.1:8080", "127.0.0.1/evil"),
    *("127.0.0.1?evil", "127.0.0.1#evil", "127.0.0.1:evil", "127.0.0.1:-1", "[::1]evil", "127.0.0.1,evil.example"),
    *("127.0.0.1.", "127.0.0.1\\evil.example", "localhost evil", "2130706433", "0x7f000001", "127.1"),
)


@pytest.mark.parametrize("host", MALFORMED)
def test_host_must_be_a_name_and_a_port(opened: Opening, host: str) -> None:
    """A Host that has more than an allowed name and a port is refused, as other programs may read it otherwise."""
    assert opened("localhost").post("/change", headers={"Host": host}).status_code == 400


def test_websockets_are_guarded(opened: Opening) -> None:
    """A websocket of another host, or of a page of another origin, is refused; one of an own page is opened."""
    for host, origin in (("evil.example", None), ("localhost", "http://evil.example")):
        headers = {} if origin is None else {"Origin": origin}
        with (
            pytest.raises(WebSocketDenialResponse),
            opened(host).websocket_connect("/talk", headers={"Host": host, **headers}),
        ):
            pass
    with opened("localhost").websocket_connect("/talk", headers={"Host": "localhost", "Origin": "http://localhost"}):
        pass


@pytest.mark.parametrize(
    "own", ["_token=new; HttpOnly; Path=/; SameSite=lax", '_token=""; Max-Age=0; Path=/; HttpOnly']
)
def test_cookie_that_airflow_renews_or_deletes_is_left(opened: Opening, own: str) -> None:
    """A page that sets the login cookie itself is not given the old one again; any other page is."""
    client, headers = opened("localhost"), {"Cookie": "_token=old"}
    answers = [client.get("/page", params={"cookie": each}, headers=headers) for each in (own, "other=1", "")]

    protected = "_token=old; HttpOnly; Path=/; SameSite=lax"
    assert [each.headers.get_list("set-cookie") for each in answers] == [[own], ["other=1", protected], [protected]]
