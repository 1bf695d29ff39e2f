"""Lineage of real runs, by Airflow's OpenLineage provider into a file."""

import json

import pytest

from newslake.pipeline.tables import CLUSTER_TABLES
from tests.dags.observed import DAGS, ObservedDay

pytestmark = [pytest.mark.airflow, pytest.mark.model]


def test_runs_say_which_sources_and_tables_they_read_and_write(observed: ObservedDay) -> None:
    """With a transport, tasks send START and COMPLETE with sources, archive and tables; no event has
    the address of a source, which may hold a token, or source code."""
    done, text = observed.done, observed.lineage
    events = [json.loads(line) for line in text.splitlines()]
    found = {
        (event["job"]["name"], event["eventType"]): (
            [each["name"] for each in event["inputs"]],
            sorted(each["name"] for each in event["outputs"]),
        )
        for event in events
        if "." in event["job"]["name"]
    }
    tables = ["tables/articles", "tables/entities", "tables/events", "tables/quotes"]
    clusters = sorted(f"tables/{each.name}" for each in CLUSTER_TABLES)

    assert done["states"] == dict.fromkeys(DAGS, "success")
    for kind in ("START", "COMPLETE"):
        assert found["news_ingest.ingest_web", kind] == (["sources/courier"], ["raw_articles"])
        assert found["news_extract.derive", kind] == (["raw_articles"], [])
        assert found["news_extract.commit", kind] == (["raw_articles"], tables)
        for task in ("news_extract.cluster", "news_maintain.relate"):
            inputs, outputs = found[task, kind]
            assert (sorted(inputs), outputs) == (["raw_articles", *tables], clusters)
    assert found["news_inbox.publish", "COMPLETE"] == ([], [])  # it announced no day
    assert {event["job"]["namespace"] for event in events} == {"newslake"}
    assert {each["namespace"] for event in events for each in event["inputs"] + event["outputs"]} == {"news"}
    assert ("secret" in text, "rss.xml" in text, "def commit" in text) == (False, False, False)
