"""Metrics of newslake, sent through the metrics of Airflow: names, units and labels are in docs/addons/metrics.md.

Airflow sends metrics by OpenTelemetry only if ``[metrics] otel_on`` is set. Otherwise nothing here is imported, read or
sent. A task sends its metrics when its process ends.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

# Set for all processes of `make up` if a collector is configured by one of these variables.
ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT")


def metrics_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the settings with which Airflow sends metrics, if the environment names a collector; else none.

    Each task is a separate process, so it sends what it has counted itself (delta), and the collector adds it up.
    """
    if not any(environment.get(name) for name in ENDPOINTS):
        return {}
    return {
        "AIRFLOW__METRICS__OTEL_ON": "True",
        "AIRFLOW__METRICS__LEGACY_NAMES_ON": "False",  # one name per metric, with labels, not one per DAG and task
        "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "3",  # seconds, with all tries; the process of a task waits for it at its end
        "OTEL_PYTHON_EXPORTER_OTLP_HTTP_METRICS_CREDENTIAL_PROVIDER": "news_airflow",  # telemetry.metrics_session
        "OTEL_SERVICE_NAME": "newslake",
        "OTEL_RESOURCE_ATTRIBUTES": "service.instance.id=newslake",  # else a random one, and new series per process
    }


def count_pages(summary: Mapping[str, Any], *, stage: str) -> None:
    """Count the pages of a run by outcome, from the report of a stage."""
    kinds = ("kept", "unchanged", "not_checked", "rejected", "quarantined", "pending")
    _count("newslake.pages", {kind: summary[kind] for kind in kinds}, "outcome", stage=stage)


def count_rows(summary: Mapping[str, Any]) -> None:
    """Count the committed rows by table, and the articles that were processed for them, also per second."""
    articles = sum(summary["work"].values())
    _count("newslake.rows", summary["rows"], "table")
    _count("newslake.articles", summary["work"], "work")
    if articles and summary["seconds"] > 0:
        _gauge("newslake.articles_per_second", articles / summary["seconds"])


def measure_waiting_days(days: Sequence[str]) -> None:
    """Send the number of days with archived pages that no run has processed."""
    _gauge("newslake.waiting_days", len(days))


def measure_freshness(sources: Iterable[Any], *, now: datetime) -> None:
    """Send the age of the newest article of each source, in seconds. A source without articles has none."""
    for each in sources:
        if each.newest_at is not None:
            age = (now - each.newest_at).total_seconds()
            _gauge("newslake.newest_article_age_seconds", age, source=each.source_key)


def _count(name: str, numbers: Mapping[str, int], label: str, **labels: str) -> None:
    if is_on():
        from airflow.sdk.observability import stats

        for value, number in numbers.items():
            if number:
                stats.incr(name, number, tags={label: value, **labels})


def _gauge(name: str, value: float, **labels: str) -> None:
    if is_on():
        from airflow.sdk.observability import stats

        stats.gauge(name, value, tags=labels)


def is_on() -> bool:
    """Return whether Airflow sends metrics by OpenTelemetry."""
    from airflow.sdk.configuration import conf

    return bool(conf.getboolean("metrics", "otel_on"))
