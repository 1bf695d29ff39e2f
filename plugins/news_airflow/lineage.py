"""Lineage of tasks as OpenLineage datasets: sources, the archive and the tables. docs/addons/lineage.md lists them.

Airflow's provider loads this module only if lineage is configured. ``AIRFLOW__OPENLINEAGE__EXTRACTORS`` names the
class, which replaces that of the provider for Python tasks. A dataset has a name only: no URL, no rows, no source code.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import requests
from airflow.providers.openlineage.extractors.base import BaseExtractor, OperatorLineage
from airflow.sdk import Asset
from openlineage.client.event_v2 import Dataset
from openlineage.client.transport import register_transport
from openlineage.client.transport.http import HttpConfig, HttpTransport

from news_airflow.assets import RAW, TABLES
from news_airflow.lineage_settings import NAMESPACE
from news_airflow.telemetry import SECONDS, limit_session

# The tasks that write all cluster tables, which are no assets: no DAG waits for them.
_CLUSTERING = ("cluster", "relate")
CLUSTER_TABLES = (
    "near_duplicates",
    "revisions",
    "quote_clusters",
    "event_cluster_members",
    "event_clusters",
    "person_links",
    "co_mentions",
)


class DeadlineConfig(HttpConfig):
    """The configuration of ``http``, with a shorter timeout unless one is set."""

    @classmethod
    def from_dict(cls, params: dict[str, Any]) -> HttpConfig:  # type: ignore[override]  # as HttpConfig itself
        return super().from_dict({"timeout": SECONDS, **params})


@register_transport  # in the place of the client's own: Airflow loads this module before it creates a transport
class DeadlineTransport(HttpTransport):
    """The transport ``http`` without retries: no server can hold up a task by more than the timeout."""

    config_class: type[HttpConfig] = DeadlineConfig

    def _prepare_session(self, session: requests.Session) -> None:
        limit_session(session)


class NewsExtractor(BaseExtractor):  # type: ignore[misc]  # airflow has no types for us
    """Reads the datasets of a task from its inlets and outlets, its argument ``source_key``, and its id."""

    @classmethod
    def get_operator_classnames(cls) -> list[str]:
        """Return the class of all tasks of our DAGs that run code."""
        return ["_PythonDecoratedOperator"]

    def _execute_extraction(self) -> OperatorLineage:
        """Return the datasets of a task that starts, succeeds or fails.

        A task that announces no day has no outlet any more, so its last event has no output.
        """
        arguments: Mapping[str, Any] = getattr(self.operator, "op_kwargs", None) or {}
        source_key = arguments.get("source_key")
        inputs, outputs = _datasets(self.operator.inlets), _datasets(self.operator.outlets)
        if source_key:
            inputs.append(Dataset(namespace=NAMESPACE, name=f"sources/{source_key}"))
            outputs.extend(_datasets([RAW]))
        if self.operator.task_id in _CLUSTERING:
            inputs.extend(_datasets([RAW, *TABLES]))
            outputs.extend(Dataset(namespace=NAMESPACE, name=f"tables/{table}") for table in CLUSTER_TABLES)
        return OperatorLineage(inputs=inputs, outputs=outputs)


def _datasets(assets: Iterable[object]) -> list[Dataset]:
    """Return the datasets of our assets: ``news://tables/quotes`` is ``tables/quotes``."""
    start = f"{NAMESPACE}://"
    uris = [each.uri for each in assets if isinstance(each, Asset) and each.uri.startswith(start)]
    return [Dataset(namespace=NAMESPACE, name=uri.removeprefix(start).rstrip("/")) for uri in uris]
