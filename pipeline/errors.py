"""The exception tree is the policy: each leaf says what becomes of the page it concerns.

NewsError                   base; every leaf has .disposition and the key it concerns
  ConfigError               fail        a wrong or unknown setting; nothing runs
  TransientFetchError       retry       time-out, 408, 425, 429, 5xx; may carry retry_after_seconds
  RefusedFetchError         reject      robots, private address, 4xx, caps, redirect loop; counted, not retried
  UndecodablePageError      quarantine  bytes are kept, no text comes out of them
  BrokenListingError        quarantine  a feed, sitemap or file that cannot be read as what it claims to be
  ExtractorError            quarantine  one article broke one extractor; other articles go on
  ContractError             quarantine  a row breaks the table contract; its article is left out whole
  ArchiveError              fail        the raw archive cannot be used
    BrokenRecordError       quarantine  one record of it is missing or damaged; its article waits, others go on
  BusyDatabaseError         fail        a reader keeps what must be deleted; end it, then go on
  KnowledgeError            fail        the knowledge base cannot be used; import it again
  LakeError                 fail        the lake's files and manifests disagree; run `newslake lake recover`
  LimitError                fail        a question took more time or memory than it may
  OutcomeError              fail        pages of a run have no outcome, or two: a defect of ours, never of the pages

Expected non-articles (a video page, a live blog, a stub) are ``Rejected`` values, not exceptions.
``NewsError`` is caught at three doors: in ``pipeline.jobs``, where it becomes the page's outcome or a finding, in
``pipeline.cli``, where it becomes a message and an exit code, and in Newsroom, where it becomes a page that says so. In
a task it is left to the retry policy of ``news_airflow.defaults``: a transient one is tried again, any other fails the
task for good.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Literal

from pipeline.model.page import Exchange

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

Disposition = Literal["retry", "reject", "quarantine", "fail"]


class NewsError(Exception):
    """What went wrong, with which key, and what to do about it.

    ``reason`` is the short snake_case word that the outcomes table stores; the message is for a person.
    """

    disposition: ClassVar[Disposition] = "fail"

    def __init__(self, message: str, *, key: str = "", reason: str = "") -> None:
        super().__init__(message)
        self.key = key
        self.reason = reason or type(self).__name__.removesuffix("Error").lower()


class ConfigError(NewsError):
    """A wrong or unknown setting; nothing runs before it is mended."""


class LimitError(NewsError):
    """A question took more time or memory than it may; ask for less."""


class TransientFetchError(NewsError):
    """The page may be there later: time-out, 408, 425, 429, 5xx, a broken connection.

    ``exchange`` is what was sent and received before a body broke off.
    """

    disposition = "retry"

    def __init__(
        self,
        message: str,
        *,
        key: str = "",
        reason: str = "",
        retry_after_seconds: float | None = None,
        exchange: Exchange | None = None,
    ) -> None:
        super().__init__(message, key=key, reason=reason)
        self.retry_after_seconds = retry_after_seconds
        self.exchange = exchange


class RefusedFetchError(NewsError):
    """The page is not to be had: robots, private address, 4xx, a cap, a redirect loop.

    ``status`` is the HTTP status where a server gave one, ``exchange`` its answer where the page is gone.
    """

    disposition = "reject"

    def __init__(
        self,
        message: str,
        *,
        key: str = "",
        reason: str = "",
        status: int | None = None,
        exchange: Exchange | None = None,
    ) -> None:
        super().__init__(message, key=key, reason=reason)
        self.status = status
        self.exchange = exchange


class UndecodablePageError(NewsError):
    """Bytes are kept, but no text comes out of them."""

    disposition = "quarantine"


class BrokenListingError(NewsError):
    """A feed, sitemap or file that cannot be read as what it claims to be."""

    disposition = "quarantine"


class ExtractorError(NewsError):
    """One article broke one extractor; other articles go on."""

    disposition = "quarantine"


class ContractError(NewsError):
    """A row breaks the table contract; its article is left out whole, in all tables."""

    disposition = "quarantine"


class ArchiveError(NewsError):
    """The raw archive cannot be used."""


class BrokenRecordError(ArchiveError):
    """One record of the archive is missing or damaged."""

    disposition = "quarantine"


class BusyDatabaseError(NewsError):
    """A database cannot be rid of what was deleted while another process reads an older state of it."""


class KnowledgeError(NewsError):
    """The knowledge base cannot be read, or what was to be imported has nothing to read."""


class LakeError(NewsError):
    """The lake's files and manifests disagree."""


class OutcomeError(NewsError):
    """Pages of a run have no outcome, or two; a defect of ours."""


@contextmanager
def name_file_on_error(path: Path) -> Iterator[None]:
    """Say at which file the system failed: writing, syncing and locking name none of their own. Raises: OSError."""
    try:
        yield
    except OSError as error:
        if error.errno is None or (error.filename is not None and error.errno not in _NO_ROOM):
            raise
        raise os_error(error.errno, error.strerror, path) from error


def os_error(number: int, told: str | None, path: Path) -> OSError:
    """Return an error of the system that names its file, and says what to do where there is no room."""
    advice = "; free some, then run it again" if number in _NO_ROOM else ""
    return OSError(number, f"{told}{advice}", str(path))
