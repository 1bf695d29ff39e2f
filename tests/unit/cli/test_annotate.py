"""`newslake events explain`: its output for a sentence."""

import json
from pathlib import Path

import pytest

from tests.unit.cli.test_commands import called

pytestmark = pytest.mark.model
SENTENCE = "Norway and Spain agreed on Monday to hold talks with Portugal."


def test_explain_shows_the_frame_that_fired(tmp_path: Path) -> None:
    """Each event has its frame, participants, modality and date, resolved against the given day."""
    done = called("events", "explain", SENTENCE, "--published-at", "2026-03-11", cwd=tmp_path)
    lines = {" ".join(line.split()) for line in done.stdout.splitlines()}
    assert done.returncode == 0, done.stderr
    assert lines >= {
        "agreed AGREE",
        "actor Norway + Spain (NOR)",
        'date "Monday" 2026-03-09 basis relative',
        "talks CONSULT, PLOVER AGREE",
        "frame talk>consult",
        "recipient Portugal (PRT)",
        "modality planned",
        "triggers without an event type: hold",
    }


def test_explain_as_json(tmp_path: Path) -> None:
    """--json prints the events with the fields of the table, those without a type last."""
    done = called("events", "explain", SENTENCE, "--json", cwd=tmp_path)
    events = json.loads(done.stdout)
    assert [(event["trigger_text"], event["event_type"]) for event in events] == [
        ("agreed", "AGREE"),
        ("talks", "CONSULT"),
        ("hold", None),
    ]


def test_explain_without_events(tmp_path: Path) -> None:
    """A text without events says so; an invalid date is an invalid call."""
    assert called("events", "explain", "Good evening.", cwd=tmp_path).stdout == "no event\n"
    done = called("events", "explain", SENTENCE, "--published-at", "soon", cwd=tmp_path)
    assert (done.returncode, "'soon' is not an ISO date" in done.stderr) == (2, True)
