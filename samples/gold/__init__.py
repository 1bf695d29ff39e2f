"""Gold annotations of the sample pages by a person: one JSON file per page. README.md explains the keys."""

import json
from pathlib import Path
from typing import Any

GOLD = Path(__file__).parent


def read_gold() -> dict[str, dict[str, Any]]:
    """Return gold by page, sorted: ``day-1/courier/...html`` is a path under ``newsroom/``, ``inbox/...`` is not."""
    files = sorted(GOLD.rglob("*.json"))
    return {file.relative_to(GOLD).as_posix().removesuffix(".json"): json.loads(file.read_bytes()) for file in files}
