"""One page, from a file or the network, or one text, read and kept nowhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipeline.clean import Origin, article_from_text, explain, reject_reason
from pipeline.errors import ConfigError, NewsError
from pipeline.fetch import NotModified
from pipeline.jobs.annotator import knowledge_of, load_annotator
from pipeline.jobs.workspace import Workspace
from pipeline.model import Annotation, Article, Hints, Page, Rejected
from pipeline.sources import read_file


@dataclass(frozen=True, slots=True)
class Preview:
    """What became of the page.

    ``fired`` is how often each rule fired, ``read`` a message where reading failed and None where its language is
    unknown or has no data, ``rejected`` why a run would not keep the page.
    """

    article: Article
    fired: Mapping[str, int]
    read: Annotation | str | None
    rejected: Rejected | None


def preview(
    workspace: Workspace, page: str, *, published_at: str | None = None, source_key: str | None = None
) -> Preview:
    """Return what the pipeline makes of one file or URL, by the rules of a source where one is named.

    Raises: NewsError when it cannot be had or decoded.
    """
    source = workspace.sources.named(source_key) if source_key else None
    hints = Hints(published_at=_moment(published_at), published_precision="day", date_method="given")
    got = _page(workspace, page, hints if published_at else Hints())
    origin = Origin(source.key, source.publisher, rules=source.rules) if source else Origin("try")
    explained = explain(got, origin)
    article = explained.article
    annotator = load_annotator(workspace.settings, knowledge_of(workspace.settings))
    _, read = next(annotator.read([article]))
    told = str(read) if isinstance(read, NewsError) else read
    return Preview(article, explained.fired, told, reject_reason(article, evidence=explained.evidence))


def read_text(workspace: Workspace, text: str, *, published_at: str | None = None) -> Annotation:
    """Return what the rules read in a text, untyped events among it.

    Raises: NewsError when it cannot be read.
    """
    article = article_from_text(text, title=None, published_at=_moment(published_at), language="en")
    annotator = load_annotator(workspace.settings, knowledge_of(workspace.settings), with_untyped=True)
    _, read = next(annotator.read([article]))
    if isinstance(read, NewsError):
        raise read
    return read or Annotation()


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"--published-at {text!r} is no ISO date", key="published-at") from error
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _page(workspace: Workspace, page: str, hints: Hints) -> Page:
    if not page.startswith(("http://", "https://")):
        if not Path(page).is_file():
            raise ConfigError(
                f"{page}: no such file; give a file, or a URL that begins with http:// or https://", key=page
            )
        return read_file(Path(page), hints=hints, now=workspace.settings.now())
    with workspace.fetcher() as fetcher:
        got = fetcher.fetch(page, hints=hints)
    assert not isinstance(got, NotModified)  # no validators were sent
    return got
