"""Protocols for article revisions shown on the page."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol


class SentenceChangeView(Protocol):
    """A sentence that was ``added`` or ``removed``."""

    @property
    def kind(self) -> str: ...
    @property
    def sentence(self) -> str: ...


class RevisionView(Protocol):
    """One content of the page, and what is new in it against the one before, as `newslake history` tells it."""

    @property
    def revision_id(self) -> str: ...
    @property
    def fetched_at(self) -> datetime: ...
    @property
    def title(self) -> str | None: ...
    @property
    def word_count(self) -> int: ...
    @property
    def changes(self) -> Sequence[SentenceChangeView]: ...
    @property
    def quotes_removed(self) -> Sequence[str]: ...
