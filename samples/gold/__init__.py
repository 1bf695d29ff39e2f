"""What a person read in the sample pages: one JSON file a page. README.md says what each key means."""

import json
from pathlib import Path
from typing import Any

GOLD = Path(__file__).parent


def read_gold() -> dict[str, dict[str, Any]]:
    """Return gold by page, sorted: ``day-1/courier/...html`` is under ``newsroom/``, ``inbox/...`` is beside it."""
    files = sorted(GOLD.rglob("*.json"))
    return {file.relative_to(GOLD).as_posix().removesuffix(".json"): json.loads(file.read_bytes()) for file in files}
