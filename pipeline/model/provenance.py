"""The answer of `newslake why`: steps from a row back to the bytes, or the reason why a page has no row."""

from dataclasses import dataclass, field
from typing import Literal

StepName = Literal["row", "text", "article", "bytes", "listing", "decision", "next_try", "unknown", "next"]
STEP_HEADINGS: dict[StepName, str] = {
    "row": "Row",
    "text": "Text",
    "article": "Article",
    "bytes": "Bytes",
    "listing": "Listing",
    "decision": "Decision",
    "next_try": "Next try",
    "unknown": "Unknown",
    "next": "Next",
}
AnswerKind = Literal["kept", "not_kept", "unknown"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One known value, and ``how`` it is known (rule, method or place); None if it needs no source."""

    name: str
    value: object
    how: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """A check for this answer. ``holds`` is None if it cannot be decided; ``message`` says what was checked."""

    holds: bool | None
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """A span of ``articles.text`` with a little context; offsets are code points of the span."""

    before: str
    span: str
    after: str
    start_char: int
    end_char: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenanceStep:
    """One step of the answer. ``headline`` sums it up."""

    name: StepName
    headline: str
    facts: tuple[Fact, ...] = ()
    checks: tuple[Check, ...] = ()
    excerpt: Excerpt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """The answer for the row or page in ``query``, with its steps in order."""

    query: str
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
