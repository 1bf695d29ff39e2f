"""The cluster of docker-compose.shared.yaml as processes of this machine. Each part has a data root of its own.

newslake's PostgreSQL is not Airflow's, so that it can be killed alone. The workers reach it, the bucket and the catalog
through a proxy each, so that the network between each pair can be cut.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from news_airflow.supervisor import processes

from tests.cluster import compose
from tests.cluster.topology import PARTS, WORKERS, Cluster
from tests.scale.cut_proxy import CutProxy
from tests.scale.servers import Service, StoreServers


class HostCluster(Cluster):
    """A cluster whose parts share no folder but that of ``sources.toml``, which they only read."""

    file = compose.SHARED

    def __init__(
        self, root: Path, *, variables: Mapping[str, str], extra: Mapping[str, str], servers: StoreServers
    ) -> None:
        super().__init__(root, variables=variables, extra=extra)
        self.servers = servers
        self.site = root / "site"
        self.site.mkdir()
        self._proxies: dict[str, dict[Service, CutProxy]] = {}

    def start_servers(self, servers: ExitStack) -> None:
        super().start_servers(servers)
        for worker in WORKERS:
            self._proxies[worker] = {
                service: servers.enter_context(CutProxy.running(port)) for service, port in self.servers.ports().items()
            }

    def data_of(self, part: str) -> Path:
        return self.root / "hosts" / part / "data"

    def places(self, part: str, home: Path) -> dict[str, str]:
        logs = self.root / "hosts" / part / "logs"
        return super().places(part, home) | {"/opt/newslake/site": str(self.site), "/opt/airflow/logs": str(logs)}

    def service_of(self, part: str) -> dict[str, Any]:
        service = super().service_of(part)
        ports = {name: proxy.port for name, proxy in self._proxies.get(part, {}).items()}
        service["environment"] |= self.servers.settings(ports or None)
        return service

    def cut(self, service: Service) -> None:
        """Cut the connections of all workers to a service, and refuse new ones."""
        for proxies in self._proxies.values():
            proxies[service].is_open = False
            proxies[service].cut()

    def mend(self, service: Service) -> None:
        """Let the workers reach a service again."""
        for proxies in self._proxies.values():
            proxies[service].is_open = True

    def revive(self) -> list[str]:
        """Start the parts that have ended, like ``restart: always``; return their names."""
        gone = [part for part in PARTS if not processes(self.root, part)]
        for part in gone:
            self.restart(part)
        return gone
