"""The seed of the fault tests, and their total counts."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.long_form import seed_or

SEED = seed_or(20260203)


@dataclass
class Form:
    """One kind of disturbance, over all its tests: its seeds and its counts."""

    seeds: set[int] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def row(self) -> tuple[str, str]:
        first, last = min(self.seeds), max(self.seeds)
        seeds = str(first) if first == last else f"{first} to {last}"
        return seeds, ", ".join(f"{count:,} {name}" for name, count in self.counts.items())


FORMS: dict[str, Form] = {}


def form(name: str, seed: int = SEED) -> Form:
    """Return the form with a name, and add this seed to it."""
    found = FORMS.setdefault(name, Form())
    found.seeds.add(seed)
    return found


def collected_forms() -> dict[str, tuple[list[int], dict[str, int]]]:
    """Return all forms as plain values, for another process."""
    return {name: (sorted(each.seeds), dict(each.counts)) for name, each in FORMS.items()}


def add(forms: Mapping[str, tuple[list[int], dict[str, int]]]) -> None:
    """Add the result of ``collected_forms`` from another process."""
    for name, (seeds, counts) in forms.items():
        found = FORMS.setdefault(name, Form())
        found.seeds.update(seeds)
        found.counts.update(counts)


def summary_lines() -> list[str]:
    """Return a table of all forms in Markdown, for docs/reliability.md."""
    rows = [(name, *form.row) for name, form in FORMS.items()]
    return ["| fault | seeds | counted |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]
