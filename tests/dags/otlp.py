"""A receiver of OTLP metrics over HTTP, on loopback: what a Collector does with a request."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)


@dataclass
class Receiver:
    """The requests that came. ``url`` is the endpoint."""

    url: str
    paths: list[str] = field(default_factory=list)
    requests: list[ExportMetricsServiceRequest] = field(default_factory=list)

    def values(self, name: str) -> dict[tuple[tuple[str, str], ...], float]:
        """Return the value of a metric by labels; a counter is summed, a gauge is the last."""
        found: dict[tuple[tuple[str, str], ...], float] = {}
        for metric in self._metrics():
            if metric.name != name:
                continue
            for point in (*metric.sum.data_points, *metric.gauge.data_points):
                labels = tuple(sorted((each.key, each.value.string_value) for each in point.attributes))
                value = point.as_double if point.HasField("as_double") else float(point.as_int)
                found[labels] = value + (found.get(labels, 0) if metric.HasField("sum") else 0)
        return found

    def names(self) -> set[str]:
        """Return the names of all metrics."""
        return {metric.name for metric in self._metrics()}

    def temporalities(self) -> set[int]:
        """Return the temporality of all counters: 1 delta, 2 cumulative."""
        return {m.sum.aggregation_temporality for m in self._metrics() if m.HasField("sum") and m.sum.is_monotonic}

    def resources(self) -> list[dict[str, str]]:
        """Return the attributes of the processes that sent something."""
        groups = (group for request in self.requests for group in request.resource_metrics)
        return [{each.key: each.value.string_value for each in group.resource.attributes} for group in groups]

    def _metrics(self):
        for request in self.requests:
            for group in request.resource_metrics:
                for scope in group.scope_metrics:
                    yield from scope.metrics


@contextmanager
def otlp_receiver() -> Iterator[Receiver]:
    """Yield a receiver that listens on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            plain = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            receiver.paths.append(self.path)
            receiver.requests.append(ExportMetricsServiceRequest.FromString(plain))
            answer = ExportMetricsServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: object) -> None:
            """Write nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver = Receiver(f"http://127.0.0.1:{server.server_address[1]}")
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield receiver
        finally:
            server.shutdown()
