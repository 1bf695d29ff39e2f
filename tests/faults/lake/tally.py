"""How long the fault tests run, from which seed, and what they add up to."""

import os
from collections import Counter
from dataclasses import dataclass, field

SEED = int(os.environ.get("NEWSLAKE_SEED", "20260203"))


@dataclass
class Form:
    """One kind of disturbance, over all of its tests. ``counts`` are what is summed, ``notes`` what is said once."""

    name: str
    counts: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)


FORMS: dict[str, Form] = {}


def form(name: str) -> Form:
    return FORMS.setdefault(name, Form(name))


def summary_lines() -> list[str]:
    """Return a table of all forms, in Markdown: it may be pasted into docs/reliability.md."""
    lines = ["| lake | seeds | counted |", "|---|---|---|"]
    for each in FORMS.values():
        counts = ", ".join(f"{count:,} {name}" for name, count in each.counts.items())
        lines.append(f"| {each.name} | {SEED} | {'; '.join([counts, *each.notes])} |")
    return lines
