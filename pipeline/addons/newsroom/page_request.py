"""A request for a page of Newsroom, and its answer: functions that return its data and its HTML, then bytes."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Self

from newslake.pipeline.addons.newsroom.rendering import TEMPLATES, UrlQuery
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings
from newslake.pipeline.show.rendering import Templates
from newslake.pipeline.store.table_files import LakePlace


@dataclass(frozen=True)
class NewsroomRequest:
    """A request: the query of its URL, and the parameters of its path.

    ``root`` is the link from the page to Newsroom's first page.
    """

    query: UrlQuery
    parameters: Mapping[str, str] = field(default_factory=dict)
    root: str = ""
    settings: Settings = field(default_factory=Settings.load)

    @cached_property
    def workspace(self) -> Workspace:
        return Workspace(self.settings, is_reader=True)

    @property
    def lake(self) -> LakePlace:
        return self.workspace.place

    @property
    def today(self) -> date:
        return self.settings.now().date()

    @property
    def source_keys(self) -> list[str]:
        """The keys of the sources to choose from."""
        return [each.key for each in self.workspace.sources.sources]


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """The answer to a request: functions that return its data and its HTML. Only one of them is called.

    ``templates`` are those of the HTML; the policy of the page allows their stylesheet.
    """

    data: Callable[[], object]
    html: Callable[[], str]
    templates: Templates = TEMPLATES


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer as HTTP sends it: its bytes, its media type, and headers in addition to those of every answer."""

    content: bytes
    media_type: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """Return all parts in one piece, which a process can send."""
        return b"\n".join((json.dumps([self.media_type, dict(self.headers)]).encode(), self.content))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the answer of ``to_bytes``. Raises: ValueError for other bytes."""
        head, _, content = data.partition(b"\n")
        media_type, headers = json.loads(head)
        return cls(content, media_type, headers)
