"""One page, from a file or the network, read and kept nowhere."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipeline.clean import extract, reject_reason
from pipeline.errors import ConfigError, NewsError
from pipeline.fetch import NotModified
from pipeline.model import Annotation, Article, Hints, Page, Rejected
from pipeline.sources import read_file
from pipeline.stages.reading import open_desk
from pipeline.stages.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of the page; ``read`` is a message where reading failed, ``rejected`` why a run would not keep it."""

    article: Article
    read: Annotation | str
    rejected: Rejected | None


def try_one(workspace: Workspace, page: str, *, published_at: str | None = None) -> Trial:
    """Return what the pipeline makes of one file or URL. Raises: NewsError when it cannot be had or decoded."""
    hints = Hints(published_at=_moment(published_at), published_precision="day", date_method="given")
    got = _page(workspace, page, hints if published_at else Hints())
    article = extract(got, source_key="try")
    _, read = next(open_desk(workspace.settings).read([article]))
    told = str(read) if isinstance(read, NewsError) else read or Annotation()
    return Trial(article, told, reject_reason(article))


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
        return read_file(Path(page), hints=hints, now=workspace.settings.now())
    with workspace.fetcher() as fetcher:
        got = fetcher.fetch(page, hints=hints)
    assert not isinstance(got, NotModified)  # no validators were sent
    return got
