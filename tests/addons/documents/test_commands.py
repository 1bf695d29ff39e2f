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
        "hold no event",
        "frame hold_to_account>accuse needs to",
    }


def test_explain_as_json(tmp_path: Path) -> None:
    """--json prints the events with the fields of the table, and the words without an event."""
    done = called("events", "explain", SENTENCE, "--json", cwd=tmp_path)
    read = json.loads(done.stdout)
    assert [(event["trigger_text"], event["event_type"]) for event in read["events"]] == [
        ("agreed", "AGREE"),
        ("talks", "CONSULT"),
    ]
    assert [(word["text"], word["reason"], bool(word["frames"])) for word in read["words"]] == [("hold", None, True)]


@pytest.mark.parametrize(
    ("sentence", "word", "reason"),
    [
        ("The Attack Group met Ada Holm.", "Attack", "part of a name"),
        ("Ada Holm left after the war.", "war", "named in passing: after a preposition, without participants"),
        ("Drivers often protest.", "protest", "a habit, a property, an order or an idea, not an event"),
        (
            "Spain refused to attack Norway.",
            "attack",
            "it belongs to another event: its content, purpose, result or verb",
        ),
        ("The baker sneezed.", "sneezed", "the lexicon has no frame of this word"),
        ("The board meeting was short.", "meeting", "its modifier gives it another meaning"),
    ],
)
def test_explain_says_why_a_word_names_no_event(sentence: str, word: str, reason: str, tmp_path: Path) -> None:
    """A word without an event has the reason, or its frames with the need that is not met."""
    done = called("events", "explain", sentence, "--json", cwd=tmp_path)
    words = json.loads(done.stdout)["words"]
    assert (word, reason) in [(each["text"], each["reason"]) for each in words]


def test_explain_without_events(tmp_path: Path) -> None:
    """A text without events says so; an invalid date is an invalid call."""
    assert called("events", "explain", "Good evening.", cwd=tmp_path).stdout == "no event\n"
    done = called("events", "explain", SENTENCE, "--published-at", "soon", cwd=tmp_path)
    assert (done.returncode, "'soon' is not an ISO date" in done.stderr) == (2, True)


def test_explain_gives_no_reason_for_words_of_a_trigger(tmp_path: Path) -> None:
    """All words of a trigger of several words belong to its event."""
    done = called("events", "explain", "A lawsuit was filed by Spain.", "--json", cwd=tmp_path)
    read = json.loads(done.stdout)
    assert ([event["trigger_text"] for event in read["events"]], read["words"]) == (["lawsuit was filed"], [])
