"""How sure an attribution is: how often the rule that decided was right on development articles."""

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources

_FEW = 4  # a rule seen less often than this rests more on all rules than on itself


def rule_confidence(rule: str) -> float:
    """Return the smoothed share of right speakers that a rule of the quotes had, 0 to 1."""
    counts = _counts()
    right, seen = counts[""]
    share = right / seen
    right, seen = counts.get(rule, (0, 0))
    return (right + _FEW * share) / (seen + _FEW)


@cache
def _counts() -> Mapping[str, tuple[int, int]]:
    """Return (right, seen) by rule; "" counts all of them. scripts/count_quote_rules.py makes the file."""
    text = resources.files(__package__).joinpath("quote_rules.json").read_text("utf-8")
    return {rule: (right, seen) for rule, (right, seen) in json.loads(text).items()}
