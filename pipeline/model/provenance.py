"""What `newslake why` answers: steps from a row back to the bytes, or to the decision that left a page out."""

from dataclasses import dataclass, field
from typing import Literal

StepName = Literal["row", "text", "article", "bytes", "found", "verdict", "state", "unknown", "next"]
STEP_HEADINGS: dict[StepName, str] = {
    "row": "Row",
    "text": "Words",
    "article": "Article",
    "bytes": "Bytes",
    "found": "Found",
    "verdict": "Verdict",
    "state": "Now",
    "unknown": "Unknown",
    "next": "Next",
}
AnswerKind = Literal["kept", "not_kept", "unknown"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is known, and ``how``: the rule, method or place that says so; None where it says itself."""

    name: str
    value: object
    how: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """Something that was looked at just now. ``holds`` is None where it cannot be said, and ``told`` says why."""

    holds: bool | None
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """A stretch of ``articles.text`` with a little of what is beside it; offsets are code points of the span."""

    before: str
    span: str
    after: str
    start_char: int
    end_char: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenanceStep:
    """One step of the way. ``told`` is its headline."""

    name: StepName
    told: str
    facts: tuple[Fact, ...] = ()
    checks: tuple[Check, ...] = ()
    excerpt: Excerpt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """The answer for what was ``asked``, in the order in which it is told."""

    asked: str
    answer: AnswerKind
    steps: tuple[ProvenanceStep, ...] = field(default=())

    @property
    def is_whole(self) -> bool:
        """Whether something is known and no check failed."""
        return self.answer != "unknown" and all(
            check.holds is not False for step in self.steps for check in step.checks
        )


def known_facts(*facts: Fact) -> tuple[Fact, ...]:
    """Return the facts that have a value."""
    return tuple(each for each in facts if each.value not in (None, "", (), []))
