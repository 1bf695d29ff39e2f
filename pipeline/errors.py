"""The exceptions of newslake. The class of an error decides what happens to the page it concerns.

NewsError                   base; every class has .disposition and the key it concerns
  ConfigError               fail        a wrong or unknown setting; nothing runs
  TransientFetchError       retry       timeout, 408, 425, 429, 5xx; may have retry_after_seconds
  RefusedFetchError         reject      robots.txt, private address, 4xx, size limit, redirect loop; not retried
  UndecodablePageError      quarantine  the bytes are archived, but no text can be decoded
  BrokenListingError        quarantine  a feed, sitemap or file that is not in its declared format
  ExtractorError            quarantine  an extractor failed on an article; other articles continue
  BrokenItemError           quarantine  an unexpected exception on one page, entry, record, line, file or article
  PoisonItemError           quarantine  processes died while they worked on one item; the others continue
  SuspectError              retry       a process died that worked on an article; the next run tries it again
  ContractError             quarantine  a row violates the table schema; its article is excluded from all tables
  ArchiveError              fail        the archive cannot be used
    BrokenRecordError       quarantine  one archive record is missing or damaged; its article waits, others continue
  BusyDatabaseError         fail        another process has a database locked; end that process, then try again
  BrokenDatabaseError       fail        a database is damaged, and no other class has better advice
  MissingStoreError         fail        a file or folder that was there is gone; restore it, nothing starts afresh
  StoreError                fail        a service of the shared store is not there, refuses, or is not as it must be
  KnowledgeError            fail        the knowledge base cannot be used; import it again
  LakeError                 fail        the lake's files and manifests disagree; run `newslake lake repair`
  LimitError                fail        a query exceeded its time or memory limit
  BrokenItemsError          fail        a run is committed, but some of its items are broken for the first time
  OutcomeError              fail        a page of a run has no outcome, or two: a bug, never the fault of the page

Expected non-articles (a video page, a live blog, a stub) are ``Rejected`` values, not exceptions.
``NewsError`` is caught where it becomes something else. ``boundary`` returns the error of one item. ``jobs`` and
``reports`` turn it into the page's outcome or a finding, ``cli`` into a message and an exit code, Newsroom into an
error page, ``newslake.pipeline.agents`` into the error of a tool, ``query.query_process`` into a reply to its parent,
which raises it again. In a task the retry policy of
``news_airflow.defaults`` handles it: a transient error is retried, any other fails the task without a retry.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from newslake.pipeline.model.page import Exchange

SERVICE_AWAY = ("store_unreachable", "store_starting")  # reasons of a StoreError: all services of the store may be

Disposition = Literal["retry", "reject", "quarantine", "fail"]


class NewsError(Exception):
    """An error with the key that it concerns, and a message that says what to do.

    ``reason`` is the short snake_case word that the outcomes table stores. The message is for people.
    """

    disposition: ClassVar[Disposition] = "fail"

    def __init__(self, message: str, *, key: str = "", reason: str = "") -> None:
        super().__init__(message)
        self.key = key
        self.reason = reason or type(self).__name__.removesuffix("Error").lower()


class ConfigError(NewsError):
    """A wrong or unknown setting; nothing runs until it is corrected."""


class LimitError(NewsError):
    """A query exceeded its time or memory limit; it must be reduced."""


class TransientFetchError(NewsError):
    """The page may be available later: timeout, 408, 425, 429, 5xx, a broken connection.

    ``exchange`` is the request and the partial response if the body is truncated.
    """

    disposition = "retry"

    def __init__(
        self,
        message: str,
        *,
        key: str = "",
        reason: str = "",
        retry_after_seconds: float | None = None,
        exchange: "Exchange | None" = None,
    ) -> None:
        super().__init__(message, key=key, reason=reason)
        self.retry_after_seconds = retry_after_seconds
        self.exchange = exchange


class RefusedFetchError(NewsError):
    """The page is not available: robots.txt, private address, 4xx, a size limit, a redirect loop.

    ``status`` is the HTTP status if a server gave one, ``exchange`` its response if the page is gone.
    """

    disposition = "reject"

    def __init__(
        self,
        message: str,
        *,
        key: str = "",
        reason: str = "",
        status: int | None = None,
        exchange: "Exchange | None" = None,
    ) -> None:
        super().__init__(message, key=key, reason=reason)
        self.status = status
        self.exchange = exchange


class UndecodablePageError(NewsError):
    """The bytes of a page are archived, but no text can be decoded."""

    disposition = "quarantine"


class BrokenListingError(NewsError):
    """A feed, sitemap or file is not in its declared format."""

    disposition = "quarantine"


class ExtractorError(NewsError):
    """An extractor failed on an article; other articles continue."""

    disposition = "quarantine"


class BrokenItemError(NewsError):
    """An unexpected exception on one page, entry, record, line, file or article; the others continue."""

    disposition = "quarantine"


class PoisonItemError(NewsError):
    """Processes died while they worked on one page or article; the others continue."""

    disposition = "quarantine"


class SuspectError(NewsError):
    """A process died that worked on an article, and this run cannot say why; the next one tries it again."""

    disposition = "retry"


class ContractError(NewsError):
    """A row violates the table schema; its article is excluded from all tables."""

    disposition = "quarantine"


class ArchiveError(NewsError):
    """The archive cannot be used."""


class BrokenRecordError(ArchiveError):
    """One record of the archive is missing or damaged."""

    disposition = "quarantine"


class BusyDatabaseError(NewsError):
    """Another process has a database locked, or reads an older state with deleted data."""


class BrokenDatabaseError(NewsError):
    """A database file is damaged or has another form."""


class MissingStoreError(NewsError):
    """A file or folder of the data root that was there is missing; it is never taken for a fresh start."""


class StoreError(NewsError):
    """A service of the shared store cannot be used: it is not there, refuses, or has another version."""


class KnowledgeError(NewsError):
    """The knowledge base cannot be read, or an import has no usable entries."""


class LakeError(NewsError):
    """The lake's files and manifests disagree."""


class BrokenItemsError(NewsError):
    """A run is committed, but some of its items are broken for the first time, or too many are quarantined."""


class OutcomeError(NewsError):
    """A page of a run has no outcome, or two; a bug."""


def did_you_mean(word: str, known: Iterable[str], *, otherwise: str = "") -> str:
    """Return the end of a message about an unknown name: the known names most like it, else ``otherwise``.

    The default of ``otherwise`` is all known names.
    """
    names = list(known)
    similar = get_close_matches(word, names, n=2, cutoff=0.75)
    if similar:
        return f"did you mean {' or '.join(similar)}?"
    return otherwise or f"use one of {', '.join(names) or 'none'}"
