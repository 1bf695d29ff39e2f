"""What a page is told of the contents that an article had: the shape of it, whoever makes the values."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol


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
