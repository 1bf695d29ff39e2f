"""The state of alerts of both stores, as several hosts open it."""

from dataclasses import dataclass
from pathlib import Path

from newslake.pipeline.addons.alerts.state import ALERT_STATE
from newslake.pipeline.addons.alerts.store import AlertStore
from newslake.pipeline.shared.bucket import Bucket
from newslake.pipeline.shared.database import PostgresDatabase
from newslake.pipeline.shared.leases import PostgresLeases
from newslake.pipeline.shared.side_state import PostgresSideState
from newslake.pipeline.store.side_state import SideState
from newslake.pipeline.store.sqlite_side_state import SqliteSideState
from tests.store.folder import FolderObjects

# Short, so that a test need not wait long for what a killed process may still do.
PUT_SECONDS, RECORD_SECONDS = 0.5, 2.0


@dataclass(frozen=True)
class AlertPlace:
    """Where a state of alerts is: in a folder, or in a database with objects; ``url`` is None for a folder."""

    folder: Path
    url: str | None = None
    schema: str = ""

    def state(self, objects: Bucket | None = None) -> SideState:
        """Return the state, as another host would open it; by default the objects of a shared one are in the folder."""
        if self.url is None:
            return SqliteSideState(self.folder, ALERT_STATE, durability="process")
        database = PostgresDatabase(self.url, schema=self.schema)
        return PostgresSideState(
            database,
            objects or FolderObjects(self.folder / "objects", durability="process"),
            ALERT_STATE,
            leases=PostgresLeases(database),
            put_seconds=PUT_SECONDS,
            record_seconds=RECORD_SECONDS,
        )

    def open(self) -> AlertStore:
        return AlertStore(self.state())
