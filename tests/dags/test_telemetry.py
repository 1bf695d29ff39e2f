"""Exports of lineage and metrics to real servers that hang, drip, or answer without an end."""

import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from uuid import uuid4

import pytest
from news_airflow import telemetry
from news_airflow.lineage_settings import lineage_environment
from news_airflow.metrics import metrics_environment
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricExportResult

pytestmark = pytest.mark.airflow

ROOT = Path(__file__).parents[2]
PATIENCE = 30  # seconds after which an export counts as endless; it takes three
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
ENDLESS_MAX = 300_000_000  # bytes that fill the memory of a client that reads them


@dataclass
class Telemetry:
    """A server on loopback. ``answered`` is the number of bytes that it could send."""

    url: str = ""
    connections: int = 0
    answered: int = 0
    stop: Event = field(default_factory=Event)

    def send(self, connection: socket.socket, data: bytes) -> None:
        connection.sendall(data)
        self.answered += len(data)


def hang(server: Telemetry, connection: socket.socket) -> None:
    server.stop.wait()


def drip_head(server: Telemetry, connection: socket.socket) -> None:
    server.send(connection, HEAD + b"X-Filler: ")
    while not server.stop.wait(0.5):
        server.send(connection, b"a")


def flood_interim(server: Telemetry, connection: socket.socket) -> None:
    while not server.stop.wait(0.5):
        server.send(connection, b"HTTP/1.1 103 Early Hints\r\n\r\n")


def drip_body(server: Telemetry, connection: socket.socket) -> None:
    server.send(connection, HEAD + b"\r\n")
    while not server.stop.wait(0.5):
        server.send(connection, b"a")


def flood_body(server: Telemetry, connection: socket.socket) -> None:
    server.send(connection, HEAD + b"\r\n")
    while server.answered < ENDLESS_MAX and not server.stop.is_set():
        server.send(connection, bytes(1 << 16))


def refuse(server: Telemetry, connection: socket.socket) -> None:
    server.send(connection, b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")


def redirect_with_flood(server: Telemetry, connection: socket.socket) -> None:
    server.send(connection, b"HTTP/1.1 307 Temporary Redirect\r\nLocation: " + server.url.encode() + b"/again\r\n\r\n")
    while server.answered < ENDLESS_MAX and not server.stop.is_set():
        server.send(connection, bytes(1 << 16))


def hang_once(server: Telemetry, connection: socket.socket) -> None:
    if server.connections == 1:
        server.stop.wait()
    server.send(connection, HEAD + b"\r\n")


Manner = Callable[[Telemetry, socket.socket], None]
SILENT: tuple[Manner, ...] = (hang, drip_head, flood_interim)  # no whole head
TALKING: tuple[Manner, ...] = (drip_body, flood_body)  # a whole head, and a body without an end


@contextmanager
def telemetry_server(manner: Manner) -> Iterator[Telemetry]:
    """Yield a server that answers each request in one manner, until the end of the block."""
    server = Telemetry()

    def answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.recv(1 << 16)
            manner(server, connection)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                server.connections += 1
                Thread(target=answer, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        Thread(target=accept, daemon=True).start()
        try:
            yield server
        finally:
            server.stop.set()
            listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which exports remember servers that do not answer."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    return tmp_path


def outcome_of(export: Callable[[], object]) -> object:
    """Return the result of an export, or its error; fail if it does not end while the server goes on."""
    outcomes: list[object] = []

    def run() -> None:
        try:
            outcomes.append(export())
        except Exception as error:  # noqa: BLE001 - the test judges each
            outcomes.append(error)

    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert outcomes, "the export does not end"
    return outcomes[0]


def export_metrics(server: Telemetry, monkeypatch: pytest.MonkeyPatch) -> object:
    """Send one number by the exporter that Airflow uses, with the settings of `make up`."""
    endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": server.url}
    for name, value in (endpoint | metrics_environment(endpoint)).items():
        monkeypatch.setenv(name, value)
    reader = InMemoryMetricReader()
    MeterProvider(metric_readers=[reader]).get_meter("test").create_counter("pages").add(1)
    data = reader.get_metrics_data()
    return outcome_of(lambda: OTLPMetricExporter().export(data))


def emit_lineage(server: Telemetry, monkeypatch: pytest.MonkeyPatch) -> object:
    """Send one event by the client that Airflow's provider uses, with the settings of `make up`."""
    import news_airflow.lineage  # noqa: F401 - the provider loads it, by AIRFLOW__OPENLINEAGE__EXTRACTORS
    from openlineage.client import OpenLineageClient
    from openlineage.client.event_v2 import Job, Run, RunEvent, RunState

    address = {"OPENLINEAGE_URL": server.url}
    for name, value in (address | lineage_environment(address)).items():
        monkeypatch.setenv(name, value)
    now = datetime.now(UTC).isoformat()
    event = RunEvent(
        eventTime=now, run=Run(str(uuid4())), job=Job("newslake", "test"), eventType=RunState.START, producer="test:"
    )
    return outcome_of(lambda: OpenLineageClient().emit(event))


@pytest.mark.parametrize("manner", SILENT)
def test_metrics_give_up_on_a_server_without_a_whole_answer(manner: Manner, monkeypatch) -> None:
    """An export of metrics fails in the end, and does not raise, while the server hangs or drips."""
    with telemetry_server(manner) as server:
        assert export_metrics(server, monkeypatch) == MetricExportResult.FAILURE
        assert server.connections == 1


@pytest.mark.parametrize("manner", SILENT)
def test_lineage_gives_up_on_a_server_without_a_whole_answer(manner: Manner, monkeypatch) -> None:
    """An event of lineage is sent once, and fails in the end, while the server hangs or drips."""
    with telemetry_server(manner) as server:
        assert "timed out" in str(emit_lineage(server, monkeypatch)).lower()
        assert server.connections == 1


@pytest.mark.parametrize("export", [export_metrics, emit_lineage])
def test_a_server_that_let_an_export_wait_is_left_alone(export, home: Path, monkeypatch, caplog) -> None:
    """After one export in vain, others are dropped for a while; when the server answers, a warning counts them."""
    # Airflow, which tests of this process import, disables loggers, and replaces the handlers of the root.
    monkeypatch.setattr(telemetry.log, "disabled", False)
    monkeypatch.setattr(telemetry.log, "propagate", False)
    monkeypatch.setattr(telemetry.log, "handlers", [caplog.handler])
    caplog.set_level(logging.WARNING, logger=telemetry.log.name)
    with telemetry_server(hang_once) as server:
        for _ in range(4):
            export(server, monkeypatch)
        assert server.connections == 1

        [waited] = (home / "telemetry").glob("*.waited")
        os.utime(waited, (0, 0))
        for _ in range(2):
            assert not isinstance(export(server, monkeypatch), Exception)
        assert server.connections == 3
    assert caplog.text.count("does not answer; exports to it are dropped") == 1
    assert caplog.text.count("answers again; 3 exports to it were dropped") == 1


@pytest.mark.parametrize("export", [export_metrics, emit_lineage])
def test_a_dropped_export_that_cannot_be_counted_is_no_error(export, home: Path, monkeypatch) -> None:
    """An export is dropped in silence if the file that counts it cannot be written."""
    with telemetry_server(hang_once) as server:
        export(server, monkeypatch)
        [waited] = (home / "telemetry").glob("*.waited")
        waited.with_suffix(".dropped").mkdir()
        assert not isinstance(export(server, monkeypatch), Exception)
        assert server.connections == 1


@pytest.mark.parametrize("export", [export_metrics, emit_lineage])
@pytest.mark.parametrize("manner", TALKING)
def test_no_export_reads_a_body(export, manner: Manner, monkeypatch) -> None:
    """An export succeeds when the head is there; a body without an end costs neither time nor memory."""
    with telemetry_server(manner) as server:
        outcome = export(server, monkeypatch)
        assert not isinstance(outcome, Exception)
        assert outcome != MetricExportResult.FAILURE
        assert server.answered < ENDLESS_MAX


def test_lineage_takes_an_error_for_an_answer(monkeypatch) -> None:
    """An event that a server refuses with status 500 is not sent again."""
    with telemetry_server(refuse) as server:
        assert "500" in str(emit_lineage(server, monkeypatch))
        assert server.connections == 1


def test_lineage_follows_one_redirect_without_its_body(monkeypatch) -> None:
    """A redirect to itself ends after the second request, and no body without an end is read."""
    with telemetry_server(redirect_with_flood) as server:
        assert "redirects" in str(emit_lineage(server, monkeypatch))
        assert server.connections == 2
        assert server.answered < ENDLESS_MAX


def run_airflow(code: str, settings: Mapping[str, str], *, home: Path) -> subprocess.CompletedProcess[str]:
    """Run code in a process with the libraries of Airflow and only these settings of it."""
    names = ("AIRFLOW", "OTEL_", "OPENLINEAGE")
    plain = {name: value for name, value in os.environ.items() if not name.startswith(names)}
    paths = {"PYTHONPATH": f"{ROOT}:{ROOT / 'plugins'}", "AIRFLOW_HOME": str(home)}
    command = [sys.executable, "-c", code]
    environment = plain | paths | settings
    return subprocess.run(command, env=environment, cwd=home, capture_output=True, text=True, check=False, timeout=120)


CODE = """
from airflow.sdk.observability import stats
from airflow.sdk.observability.metrics import stats_utils
stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=False)
stats.incr("newslake.pages", 1, tags={"outcome": "kept"})
print("the work is done")
"""


def test_a_process_of_airflow_ends_if_its_collector_hangs(tmp_path: Path) -> None:
    """A process with Airflow's metrics, set up as that of a task, ends with success, and one message says why they are
    lost."""
    with telemetry_server(hang) as server:
        endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": server.url}
        done = run_airflow(CODE, endpoint | metrics_environment(endpoint), home=tmp_path)
    text = done.stdout + done.stderr
    assert done.returncode == 0, text
    assert "the work is done" in text
    assert text.count("Failed to export metrics batch") == 1, text


LISTENER = """
from airflow.providers.openlineage.plugins.listener import get_openlineage_listener
transport = get_openlineage_listener().adapter.get_or_create_openlineage_client().transport
print(type(transport).__name__, transport.timeout, transport.url)
"""


@pytest.mark.parametrize(
    ("settings", "seconds"),
    [
        ({"OPENLINEAGE_URL": "http://127.0.0.1:1"}, 3.0),
        ({"AIRFLOW__OPENLINEAGE__TRANSPORT": '{"type": "http", "url": "http://127.0.0.1:1", "timeout": 1.5}'}, 1.5),
    ],
)
def test_the_provider_of_airflow_takes_our_transport(settings, seconds: float, tmp_path: Path) -> None:
    """With a server of lineage, and nothing else, Airflow's provider sends by the transport with a deadline."""
    done = run_airflow(LISTENER, settings | lineage_environment(settings), home=tmp_path)
    assert f"DeadlineTransport {seconds} http://127.0.0.1:1" in done.stdout, done.stdout + done.stderr


def test_an_address_of_lineage_becomes_a_transport_by_type() -> None:
    """OPENLINEAGE_URL is sent as a transport with its endpoint and key, unless something else configures the client."""
    plain = {"OPENLINEAGE_URL": "http://h", "OPENLINEAGE_ENDPOINT": "e", "OPENLINEAGE_API_KEY": "k"}
    start = "OPENLINEAGE__TRANSPORT__"
    ours = {name.removeprefix(start): value for name, value in lineage_environment(plain).items() if start in name}
    assert ours == {"TYPE": "http", "URL": "http://h", "ENDPOINT": "e", "AUTH__TYPE": "api_key", "AUTH__API_KEY": "k"}
    others = ({"OPENLINEAGE_CONFIG": "file"}, {"OPENLINEAGE__TRANSPORT": json.dumps({"type": "console"})})
    for other in others:
        assert not any(start in name for name in lineage_environment(plain | other))
