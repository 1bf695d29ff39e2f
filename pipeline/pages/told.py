"""What a page is told by the rooms that look at the archive: the shapes of it, whoever makes the values."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol


class Fact(Protocol):
    """One thing that is known, and ``how``; None where it says itself."""

    @property
    def name(self) -> str: ...
    @property
    def value(self) -> object: ...
    @property
    def how(self) -> str | None: ...


class Check(Protocol):
    """Something that was looked at. ``holds`` is None where it cannot be said."""

    @property
    def holds(self) -> bool | None: ...
    @property
    def told(self) -> str: ...


class Step(Protocol):
    """One step of a receipt, as `newslake why` tells it."""

    @property
    def name(self) -> str: ...
    @property
    def told(self) -> str: ...
    @property
    def facts(self) -> Sequence[Fact]: ...
    @property
    def checks(self) -> Sequence[Check]: ...


class Change(Protocol):
    """A sentence that was ``added`` or ``removed``."""

    @property
    def kind(self) -> str: ...
    @property
    def sentence(self) -> str: ...


class Version(Protocol):
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
    def changes(self) -> Sequence[Change]: ...
    @property
    def quotes_removed(self) -> Sequence[str]: ...
