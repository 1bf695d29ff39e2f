"""A figure: the share of right answers to one question, with a description of every miss."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Figure:
    """``right`` of ``total``, a fraction if an answer can be partly right; ``misses`` describe the wrong answers."""

    right: float = 0
    total: int = 0
    misses: list[str] = field(default_factory=list)

    @property
    def percent(self) -> float:
        return 100 * self.right / self.total if self.total else 100.0

    def count(self, share: float, miss: str) -> None:
        """Count one answer: right, wrong, or partly right."""
        self.right += share
        self.total += 1
        if share < 1:
            self.misses.append(miss)


Figures = dict[str, Figure]
