"""The floors: minimum figures. To lower one, edit `floors.json` and give the reason in the commit."""

import json
import math
from pathlib import Path
from typing import Any

from tests.quality.figures import Figures

FILE = Path(__file__).parent / "floors.json"
_SLACK = 1.5  # percentage points below the measured figure: another build of the model may label a word differently


def read_floors() -> dict[str, Any]:
    """Return ``corpus`` (the digest of gold and pages that the floors apply to) and ``percent`` by figure."""
    floors: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    return floors


def floors_of(figures: Figures, corpus: str) -> str:
    """Return the text of `floors.json` for measured figures: a little below each, except for perfect ones."""
    percent = {name: _floor(figure.percent) for name, figure in figures.items()}
    return json.dumps({"corpus": corpus, "percent": percent}, indent=2)


def _floor(percent: float) -> float:
    return percent if percent == 100 else max(0.0, math.floor(10 * (percent - _SLACK)) / 10)
