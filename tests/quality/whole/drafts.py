"""Compile the drafts of coders into annotations: `python -m tests.quality.whole.drafts TEXTS DRAFT...` checks them.

A draft is one JSON file a document, DOC_ID.json, with words of the text in place of offsets; corpus/GUIDELINES.md has
its form. The command prints every quote and event as read, and each problem; exit 1 if there is any.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from tests.quality.whole.annotations import Json, digest_of, problems_of

_MOST_CHARS = 3000  # of a quote: a longer one ends at words that occur too late


class DraftError(ValueError):
    """A draft names words that the text has not, or has several times."""


def compile_draft(document: Json, draft: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the annotation of a draft, and its problems. An item whose words are not in the text is left out."""
    text: str = document["text"]
    problems: list[str] = []
    quotes = _compiled(draft.get("quotes", ()), _QuoteFinder(text).compile, "quote", problems)
    annotation = {
        "doc_id": document["doc_id"],
        "sha256": digest_of(text),
        "kind": draft.get("kind"),
        "topic": draft.get("topic"),
        "published_at_ok": draft.get("published_at_ok", True),
        "persons": _compiled(draft.get("persons", ()), _person, "person", problems),
        "lookalikes": draft.get("lookalikes", []),
        "quotes": sorted(quotes, key=lambda row: (row["start"], -row["end"])),
        "events": _compiled(draft.get("events", ()), lambda event: _event(text, event), "event", problems),
    }
    return annotation, [*problems, *problems_of(annotation, text)]


def _compiled(items: Iterable[Any], read: Callable[[Any], Any], kind: str, problems: list[str]) -> list[Any]:
    rows = []
    for number, item in enumerate(items, 1):
        try:
            rows.append(read(item))
        except DraftError as error:
            problems.append(f"{kind} {number}: {error}")
        except KeyError as error:
            problems.append(f"{kind} {number}: it has no key {error}")
    return rows


def _offset(text: str, words: str, *, nth: int = 1, start: int = 0) -> int:
    """Return where some words occur for the ``nth`` time from an offset on."""
    position = start - 1
    for _ in range(nth):
        position = text.find(words, position + 1)
        if position < 0:
            raise DraftError(f"the text has no {words!r} (number {nth}, from offset {start})")
    return position


def _person(person: Json) -> dict[str, Any]:
    keys = ("name", "aliases", "gender")
    return {key: person[key] for key in keys} | {key: person.get(key) for key in ("role", "country")}


class _QuoteFinder:
    """Finds quotes by their first and last words: each after the one before, because drafts list them in order."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._after = 0

    def compile(self, quote: Json) -> dict[str, Any]:
        start = self._start(quote)
        end = self._end(quote["from"], quote["to"], start)
        if end - start > _MOST_CHARS:
            raise DraftError(f"from {quote['from']!r} to {quote['to']!r} are {end - start} characters")
        self._after = start + 1
        values = {key: quote[key] for key in ("type", "speaker", "kind")}
        return {"start": start, "end": end, **values, "cue": quote.get("cue")}

    def _start(self, quote: Json) -> int:
        if "nth" in quote:
            return _offset(self._text, quote["from"], nth=quote["nth"])
        position = self._text.find(quote["from"], self._after)
        return position if position >= 0 else _offset(self._text, quote["from"])

    def _end(self, first: str, last: str, start: int) -> int:
        """Return the end of the last words, which may overlap the first ones but do not end before them."""
        end = _offset(self._text, last, start=start) + len(last)
        if end >= start + len(first):
            return end
        return _offset(self._text, last, start=start + len(first) - len(last)) + len(last)


def _event(text: str, event: Json) -> dict[str, Any]:
    keys = ("type", "actor", "recipient", "modality")
    return {key: event[key] for key in keys} | {
        "mentions": [_mention(text, mention) for mention in event["mentions"]],
        "date": event.get("date"),
        "place": event.get("place"),
        "main": bool(event["main"]),
    }


def _mention(text: str, mention: Json | str) -> dict[str, int]:
    """Return the offsets of a trigger; a phrase around it tells it from other occurrences."""
    phrase, trigger = (mention, mention) if isinstance(mention, str) else (mention["in"], mention["trigger"])
    if (count := text.count(phrase)) > 1:
        raise DraftError(f"the text has {phrase!r} {count} times: give a longer phrase for {trigger!r}")
    start = _offset(text, phrase) + _offset(phrase, trigger)
    return {"start": start, "end": start + len(trigger)}


def _lines_of(annotation: Json, text: str) -> Iterable[str]:
    for quote in annotation["quotes"]:
        words = text[quote["start"] : quote["end"]]
        yield f"  quote {quote['type']:8} {quote['speaker']} [{quote['cue']}]: {words!r}"
    for event in annotation["events"]:
        words = [text[mention["start"] : mention["end"]] for mention in event["mentions"]]
        who = f"{event['actor']} > {event['recipient']} {event['modality']} {event['date']} {event['place']}"
        yield f"  event {event['type']} {words} {who}{' MAIN' if event['main'] else ''}"


def main() -> int:
    """Check drafts, and write the annotations of those without problems; return 1 if any has a problem."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality.whole.drafts", description=__doc__)
    parser.add_argument("texts", type=Path, help="texts.jsonl")
    parser.add_argument("drafts", type=Path, nargs="+", metavar="DRAFT", help="DOC_ID.json")
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="write the annotations as JSON lines, if all are right"
    )
    options = parser.parse_args()
    documents = {row["doc_id"]: row for row in map(json.loads, options.texts.read_text("utf-8").splitlines())}
    out, lines, failed = Console(highlight=False, markup=False, soft_wrap=True), [], 0
    for path in options.drafts:
        document = documents[path.stem]
        annotation, problems = compile_draft(document, json.loads(path.read_text("utf-8")))
        out.print(f"{path.stem}: {len(problems)} problems")
        for line in (*_lines_of(annotation, document["text"]), *(f"  PROBLEM {each}" for each in problems)):
            out.print(line)
        lines.append(json.dumps(annotation, ensure_ascii=False) + "\n")
        failed += bool(problems)
    if options.write is not None and not failed:
        options.write.write_text("".join(lines), "utf-8")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
