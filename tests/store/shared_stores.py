"""Shared stores from settings, as a process of a host opens them: a bucket prefix, a schema and a namespace each."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings
from newslake.pipeline.shared.store import Patience, SharedStore
from tests.scale.seaweedfs import BUCKET, REGION, WAREHOUSE, SeaweedFS

IMPATIENT = Patience(deadline_seconds=5.0, request_seconds=10.0, notice_seconds=0.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreServices:
    """The services of one store, and a folder of the host for its files."""

    weed: SeaweedFS
    database_url: str
    name: str
    folder: Path

    def settings(self, **given: Any) -> Settings:
        """Return the settings of a host. What is given comes in place of what is right."""
        return Settings.load(**self._values(**given))

    def environment(self, **given: Any) -> dict[str, str]:
        """Return the environment of a process of a host, with these settings."""
        own = {f"NEWS_{name.upper()}": str(value) for name, value in self._values(**given).items() if value is not None}
        return {**os.environ, **own}

    def _values(self, **given: Any) -> dict[str, Any]:
        files = self._files()
        return {
            "store": "shared",
            "data_dir": self.folder / "data",
            "sources_file": files / "sources.toml",
            "overrides_file": files / "overrides.toml",
            "user_agent": "newslake/0.1 (desk@post.example)",
            "database_url": self.database_url,
            "database_schema": self.name,
            "objects_url": f"s3://{BUCKET}/{self.name}",
            "objects_endpoint": self.weed.endpoint,
            "objects_region": REGION,
            "objects_key_file": files / "key",
            "catalog_url": self.weed.catalog_url,
            "catalog_warehouse": f"s3://{WAREHOUSE}",
            "catalog_namespace": self.name,
            "catalog_properties_file": files / "catalog.toml",
            "durability": "process",
            **given,
        }

    def store(self, **given: Any) -> SharedStore:
        """Return the store as a new process opens it."""
        return SharedStore(self.settings(**given), patience=IMPATIENT)

    def workspace(self, *, patience: Patience = IMPATIENT, **given: Any) -> Workspace:
        """Return the workspace of a new process. Its store waits a short time."""
        space = Workspace(self.settings(**given))
        vars(space)["store"] = SharedStore(space.settings, patience=patience)
        return space

    def _files(self) -> Path:
        """Write the files that the settings name, unless they are there."""
        files = self.folder / "files"
        if not files.exists():
            files.mkdir(parents=True)
            (files / "sources.toml").write_text("[sources.post]\nkind = 'feed'\nurl = 'https://post.example/feed'\n")
            key = self.weed.admin
            text = f"[default]\naws_access_key_id = {key.access_key}\naws_secret_access_key = {key.secret_key}\n"
            (files / "key").write_text(text)
            signed = {
                "rest.sigv4-enabled": "true",
                "rest.signing-name": "s3tables",
                "rest.signing-region": REGION,
                "client.access-key-id": key.access_key,
                "client.secret-access-key": key.secret_key,
                "client.region": REGION,
            }
            lines = [f"{json.dumps(name)} = {json.dumps(value)}" for name, value in signed.items()]
            (files / "catalog.toml").write_text("\n".join(lines) + "\n")
        return files
