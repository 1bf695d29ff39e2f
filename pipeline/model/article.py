"""An article with its text blocks, and pages that are rejected."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

BlockKind = Literal["title", "standfirst", "heading", "paragraph", "list", "caption"]
DateMethod = Literal[
    "jsonld", "microdata", "opengraph", "meta", "time", "url", "feed", "shown", "htmldate", "given", "unknown"
]
CreditKind = Literal["agency", "desk", "outlet"]
PageType = Literal[
    "article", "live", "video", "audio", "gallery", "section", "paywall", "consent", "error", "other",
    "list", "press_release", "scores", "credits_list",
    "forum", "reference", "paper", "product", "software", "policy",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Block:
    """A span of ``Article.text``. Offsets are code points, half-open; blocks do not overlap and keep text order."""

    kind: BlockKind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class FieldMethod:
    """The method that decided a field of an article, e.g. title by jsonld."""

    field: str
    method: str


@dataclass(frozen=True, slots=True)
class Credit:
    """An organisation of the by-line: a news agency, a desk, or an outlet. ``name`` is as on the page."""

    name: str
    kind: CreditKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """The article of a page. ``text`` is title, standfirst, paragraphs, cross-headings and captions in page order,
    joined by blank lines; ``blocks`` give the kind of each span. Plain-text input keeps its characters.

    Field names are the columns of the ``articles`` table. Times are aware, UTC. None means that the page does not say.
    ``fetched_at`` is the fetch time of its page; the derive job sets it to the first fetch of this revision.
    """

    article_id: str
    revision_id: str
    url: str | None
    canonical_url: str | None
    source_key: str
    publisher: str | None
    outlet_key: str | None = None
    domain: str | None
    title: str | None
    standfirst: str | None
    authors: tuple[str, ...]
    credits: tuple[Credit, ...] = ()
    section: str | None
    tags: tuple[str, ...]
    language: str | None
    published_at: datetime | None
    published_at_method: DateMethod
    published_at_precision: Literal["second", "day"] | None
    published_at_zone: str | None = None
    modified_at: datetime | None
    fetched_at: datetime
    text: str
    blocks: tuple[Block, ...]
    word_count: int
    page_type: PageType
    is_paywalled: bool
    is_opinion: bool = False
    tdm_reserved: bool
    content_hash: str
    wire_agency: str | None
    flags: tuple[str, ...]
    payload_digest: str | None
    http_status: int | None
    extractor: str
    field_methods: tuple[FieldMethod, ...] = ()
    license: tuple[str, ...] = ()
    license_evidence: tuple[str, ...] = ()

    def texts(self, kind: BlockKind) -> tuple[str, ...]:
        """Return the texts of all blocks of one kind, in reading order."""
        return tuple(self.text[block.start : block.end] for block in self.blocks if block.kind == kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A threshold that a page missed: it has ``measured`` ``what`` and needs at least ``least``."""

    what: str
    measured: int
    least: int

    def __str__(self) -> str:
        return f"{self.measured} {self.what}, at least {self.least} are needed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A page that is not an article, and why. ``reason`` is a snake_case word; ``detail`` is a message for people.

    ``evidence`` is the part of the page that the decision is based on, "" if text is missing. ``thresholds`` are the
    missed ones; a page of its kind that reaches all of them is an article.
    """

    reason: str
    detail: str
    page_type: PageType = "other"
    evidence: str = ""
    thresholds: tuple[Threshold, ...] = ()
