"""The services of one shared store on this machine, the settings that name them, and workspaces on it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings
from tests.scale.postgres import PostgresServer
from tests.scale.seaweedfs import BUCKET, REGION, SeaweedFS, seaweedfs

Service = Literal["database", "bucket", "catalog"]
SERVICES: tuple[Service, ...] = ("database", "bucket", "catalog")
NAMESPACE = "newslake"
_HERE = "http://127.0.0.1"


@dataclass(frozen=True, slots=True)
class StoreServers:
    """The services of one shared store."""

    postgres: PostgresServer
    weed: SeaweedFS
    folder: Path

    def ports(self) -> dict[Service, int]:
        """Return the port of each service."""
        return {
            "database": self.postgres.port,
            "bucket": self.weed.port,
            "catalog": int(self.weed.catalog_url.rpartition(":")[2]),
        }

    def settings(self, ports: Mapping[Service, int] | None = None) -> dict[str, str]:
        """Return the environment that selects this store, as the compose file writes it; through other ports."""
        at = ports or self.ports()
        key = self.weed.admin
        file = self.folder / "catalog.toml"
        file.write_text(f"credential = {json.dumps(f'{key.access_key}:{key.secret_key}')}\n", "utf-8")
        return {
            "NEWS_STORE": "shared",
            "NEWS_DATABASE_URL": self.postgres.url_at(at["database"]),
            "NEWS_OBJECTS_URL": f"s3://{BUCKET}/main",
            "NEWS_OBJECTS_ENDPOINT": f"{_HERE}:{at['bucket']}",
            "NEWS_OBJECTS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": key.access_key,
            "AWS_SECRET_ACCESS_KEY": key.secret_key,
            "NEWS_CATALOG_URL": f"{_HERE}:{at['catalog']}",
            "NEWS_CATALOG_WAREHOUSE": self.weed.warehouse,
            "NEWS_CATALOG_NAMESPACE": NAMESPACE,
            "NEWS_CATALOG_PROPERTIES_FILE": str(file),
            "NEWS_ALLOW_HTTP": "false",  # loopback needs no encryption
        }


@contextmanager
def store_servers(root: Path) -> Iterator[StoreServers]:
    """Run PostgreSQL and SeaweedFS in a folder."""
    folder = root / "store"
    folder.mkdir()
    with seaweedfs(folder / "weed") as weed, PostgresServer.running(folder=folder / "postgres") as postgres:
        weed.database_url = postgres.url
        yield StoreServers(postgres, weed, folder)


def open_shared(data: Path, *, sources: Path, now: datetime, **options: Any) -> Workspace:
    """Return a workspace on the shared store that the environment names, for a host with a data root of its own."""
    given = {"sources_file": sources, "frozen_now": now, "durability": "process", **options}
    return Workspace(Settings.load(data_dir=data, **given))
