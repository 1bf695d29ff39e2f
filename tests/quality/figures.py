"""A figure: the share of right answers to one question, and every miss in words."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Figure:
    """``right`` of ``total``, a fraction where an answer can be half right; ``misses`` say what was not right."""

    right: float = 0
    total: int = 0
    misses: list[str] = field(default_factory=list)

    @property
    def percent(self) -> float:
        return 100 * self.right / self.total if self.total else 100.0

    def count(self, share: float, miss: str) -> None:
        """Count one answer: right, wrong, or right by a share."""
        self.right += share
        self.total += 1
        if share < 1:
            self.misses.append(miss)


Figures = dict[str, Figure]
