"""The tool why: the provenance of a row, article or URL, or the reason why a page has no article."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from newslake.pipeline.agents.answers import CELL_CHARS, MOST_CHARS, Continuation, ToolAnswer, Untrusted, plain, shorten
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model.provenance import AnswerKind, ProvenanceStep
from newslake.pipeline.show.provenance import resolve_article_ids, trace_provenance

_OMITTED_STEPS = ("next",)  # suggests commands, which an agent cannot run


class FactAnswer(ToolAnswer):
    """A known value, and how it is known."""

    name: str
    value: Any
    how: str | None = None


class CheckAnswer(ToolAnswer):
    """A check that was made now; ``holds`` is absent if it cannot be decided."""

    holds: bool | None = None
    message: str


class ExcerptAnswer(ToolAnswer):
    """The text of the row in its paragraph. Offsets are code points of ``articles.text``."""

    before: str
    span: str
    after: str
    start_char: int
    end_char: int


class StepAnswer(ToolAnswer):
    """One step from the row back to the archived bytes and the listing."""

    step: str
    headline: str
    excerpt: ExcerptAnswer | None = None
    facts: list[FactAnswer]
    checks: list[CheckAnswer]


class StepsOfPage(ToolAnswer):
    """The steps of a provenance, in order."""

    steps: list[StepAnswer]


class WhyAnswer(ToolAnswer):
    """The provenance of a row, an article or a page."""

    answer: AnswerKind = Field(
        description="'kept': the lake has it; 'not_kept': the page is known, but has no article; 'unknown'."
    )
    is_whole: bool = Field(description="Whether something is known and no check failed.")
    article_id: str | None = None
    revision_id: str | None = None
    payload_digest: str | None = None
    row: str | None = None
    cut: Continuation | None = None
    untrusted: StepsOfPage = Untrusted


def why_answer(workspace: Workspace, subject: str) -> WhyAnswer:
    """Return the provenance of a URL, an article_id, or a row such as ``ARTICLE_ID:quotes:3``.

    Raises: ConfigError for anything else and for an unknown row, LakeError for damaged table files.
    """
    found = trace_provenance(workspace, subject)
    ids = resolve_article_ids(workspace, subject)
    stored = workspace.lake.index.stored(ids) if found.answer == "kept" else {}
    article_id = next((each for each in ids if each in stored), None)
    article = stored[article_id] if article_id is not None else None
    folders = {
        each.location: f"[{each.key}]" for each in workspace.sources.sources if Path(each.location).is_absolute()
    }
    steps, is_cut = _fitting(_step(each, folders) for each in found.steps if each.name not in _OMITTED_STEPS)
    message = f"the later steps do not fit into one answer of {MOST_CHARS:,} characters"
    return WhyAnswer(
        answer=found.answer,
        is_whole=found.is_whole,
        article_id=article_id,
        revision_id=article.revision_id if article else None,
        payload_digest=article.payload_digest if article else None,
        row=subject if any(step.name == "row" for step in found.steps) else None,
        cut=Continuation(reason="size", message=message) if is_cut else None,
        untrusted=StepsOfPage(steps=steps),
    )


def _fitting(steps: Iterable[StepAnswer]) -> tuple[list[StepAnswer], bool]:
    """Return the steps that fit into an answer, and whether it is cut."""
    fitting: list[StepAnswer] = []
    size = 0
    for step in steps:
        size += len(step.model_dump_json())
        if size > MOST_CHARS:
            return fitting, True
        fitting.append(step)
    return fitting, False


def _step(step: ProvenanceStep, folders: Mapping[str, str]) -> StepAnswer:
    """Return a step. ``folders`` of sources have the name of their source in place of a path of this machine."""
    excerpt = step.excerpt
    return StepAnswer(
        step=step.name,
        headline=step.headline[:CELL_CHARS],
        excerpt=None
        if excerpt is None
        else ExcerptAnswer(
            before=excerpt.before,
            span=excerpt.span[:CELL_CHARS],
            after=excerpt.after,
            start_char=excerpt.start_char,
            end_char=excerpt.end_char,
        ),
        facts=[
            FactAnswer(name=each.name, value=shorten(plain(each.value))[0], how=_how(each.how, folders))
            for each in step.facts
        ],
        checks=[CheckAnswer(holds=each.holds, message=each.message[:CELL_CHARS]) for each in step.checks],
    )


def _how(how: str | None, folders: Mapping[str, str]) -> str | None:
    if how is None:
        return None
    for folder, name in folders.items():
        how = how.replace(folder, name)
    return how[:CELL_CHARS]
