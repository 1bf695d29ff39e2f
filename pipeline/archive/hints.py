"""Hints as JSON text, for metadata records and the databases."""

import json
from datetime import datetime
from typing import Any

from pipeline.model import Hints

_TIMES = ("published_at", "modified_at")


def hints_to_dict(hints: Hints) -> dict[str, str]:
    """Return the hints that are set, times as ISO 8601."""
    found = {name: getattr(hints, name) for name in Hints.__slots__ if getattr(hints, name) is not None}
    return {name: value.isoformat() if name in _TIMES else value for name, value in found.items()}


def hints_from_dict(found: dict[str, Any]) -> Hints:
    times = {name: datetime.fromisoformat(found[name]) for name in _TIMES if name in found}
    return Hints(**found | times)


def hints_to_json(hints: Hints) -> str:
    return json.dumps(hints_to_dict(hints), ensure_ascii=False, sort_keys=True)


def hints_from_json(text: str) -> Hints:
    return hints_from_dict(json.loads(text))
