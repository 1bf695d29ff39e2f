"""A document: an article of a lake, a text annotated now, or a page cleaned now; and its page in a notebook."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, partial
from html import escape
from typing import TYPE_CHECKING, Any

from newslake.arguments import check_text
from newslake.pipeline.errors import ConfigError, ExtractorError, NewsError
from newslake.rows import Rows

if TYPE_CHECKING:
    from newslake.pipeline.derive import LoadedAnnotator
    from newslake.pipeline.model import Annotation, Article
    from newslake.pipeline.settings import Settings
    from newslake.pipeline.tables.spec import Row

_HEIGHT = 600
_URL = re.compile(r"\s*https?://\S+\s*")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Document:
    """The rows of one article, by table name, in the columns of docs/tables.md; ``origin`` says where they are from.

    Offsets (``start_char``, ``end_char``) count code points of ``text``. ``rejection`` says why a run would not keep a
    page that was cleaned; None if it would. ``source`` is what ``annotate`` reads of such a page.
    """

    rows: Mapping[str, Sequence["Row"]]
    origin: str
    rejection: str | None = None
    source: "Article | None" = None

    @property
    def article(self) -> Mapping[str, Any]:
        """The row of the table ``articles``."""
        return self.rows["articles"][0]

    @property
    def title(self) -> str | None:
        return self.article["title"]  # type: ignore[no-any-return]

    @property
    def text(self) -> str:
        return self.article["text"]  # type: ignore[no-any-return]

    @property
    def entities(self) -> Rows:
        """Rows of the table ``entities``: one per mention."""
        return self._table("entities")

    @property
    def quotes(self) -> Rows:
        """Rows of the table ``quotes``."""
        return self._table("quotes")

    @property
    def events(self) -> Rows:
        """Rows of the table ``events``: one per mention."""
        return self._table("events")

    def _table(self, name: str) -> Rows:
        from newslake.pipeline.tables import TABLE_SPECS, rows_table

        return Rows(rows_table(TABLE_SPECS[name], self.rows[name]))

    def __repr__(self) -> str:
        counts = ", ".join(f"{len(self.rows[name])} {name}" for name in ("entities", "quotes", "events"))
        return f"Document({self.title!r}, {len(self.text):,} characters, {counts})"

    def _repr_html_(self) -> str:
        return show(self)._repr_html_()


@dataclass(frozen=True, slots=True, repr=False)
class ArticleFrame:
    """The page of an article, for a notebook: ``html`` is self-contained, ``height`` is in pixels."""

    title: str
    html: str
    height: int

    def __repr__(self) -> str:
        return f"ArticleFrame({self.title!r})"

    def _repr_html_(self) -> str:
        """Return a frame without scripts, forms and access to the notebook; it loads nothing."""
        size = f'style="width:100%;height:{self.height}px;border:0"'
        return f'<iframe sandbox {size} title="{escape(self.title)}" srcdoc="{escape(self.html)}"></iframe>'


def show(document: Document, *, height: int = _HEIGHT) -> ArticleFrame:
    """Return the page of a document with its marked quotes, entities and events; Jupyter shows it inline."""
    if not isinstance(document, Document):
        advice = "give what lake.article(), newslake.annotate() or newslake.clean() returns"
        raise ConfigError(f"show() takes a document, not {type(document).__name__}; {advice}", key="document")
    from newslake.pipeline.show.article import article_html, article_page
    from newslake.pipeline.show.rendering import make_visible

    shown = article_page(document.rows, origin=document.origin)
    return ArticleFrame(make_visible(shown.title), article_html(shown), height)


def annotate(
    text: str | Document,
    *,
    title: str | None = None,
    published_at: date | datetime | str | None = None,
    language: str = "en",
) -> Document:
    """Return a text with its entities, quotes and events. Nothing is stored.

    ``published_at`` resolves dates such as "on Monday". The first call loads the model, which takes seconds and 700 MB;
    it, the knowledge base and the corrections (NEWS_DATA_DIR, NEWS_OVERRIDES_FILE) are those of the first call.
    ``text`` may also be a document of ``clean``, which has its own title, date and language.
    For many texts, `newslake annotate` is faster.
    Raises: NewsError if the text cannot be annotated, ConfigError for a wrong date or setting.
    """
    from newslake.pipeline.clean import article_from_text
    from newslake.pipeline.unicode import to_well_formed

    if isinstance(text, Document):
        if text.source is None:
            raise ConfigError("this document is annotated already; give a text or a document of clean()", key="text")
        article, origin = text.source, text.origin
    else:
        check_text(text, name="text", advice="give one text, or a document of newslake.clean()")
        at = _moment(published_at, name="published_at")
        article = article_from_text(to_well_formed(text), title=title, published_at=at, language=language)
        origin = "Annotated in Python; not stored."
    settings, annotator = _annotator()
    article, read = next(annotator.read([article]))
    if isinstance(read, NewsError):
        raise read
    return _document(settings, article, read, model_name=annotator.model_name, origin=origin)


def clean(html: str | bytes, url: str | None = None, *, fetched_at: date | datetime | str | None = None) -> Document:
    """Return the article of a page: its text, title, authors, date and the other fields. Nothing is fetched or stored.

    Pages are never rejected: ``page_type`` and ``rejection`` say what a run would do.
    Raises: NewsError if the page cannot be decoded, ConfigError for a wrong date.
    """
    from newslake.pipeline.boundary import run_isolated
    from newslake.pipeline.clean import Origin, explain, reject_reason
    from newslake.pipeline.model import Page
    from newslake.pipeline.settings import Settings
    from newslake.pipeline.unicode import to_well_formed

    _check_html(html)
    settings = Settings.load()
    charset = "; charset=utf-8" if isinstance(html, str) else ""
    page = Page(
        url=url,
        final_url=url,
        status=200,
        headers={"content-type": f"text/html{charset}"},
        body=to_well_formed(html).encode() if isinstance(html, str) else html,
        fetched_at=_moment(fetched_at, name="fetched_at") or settings.now(),
    )
    explained = run_isolated(partial(explain, page, Origin("python")), key=url or "the page")
    if isinstance(explained, NewsError):
        raise explained
    rejected = reject_reason(explained.article, evidence=explained.evidence)
    return _document(
        settings,
        explained.article,
        None,
        origin=f"Cleaned in Python from {url or 'a page without a URL'}; not stored.",
        rejection=None if rejected is None else f"{rejected.reason}: {rejected.detail}",
    )


def _document(
    settings: "Settings",
    article: "Article",
    read: "Annotation | None",
    *,
    origin: str,
    model_name: str | None = None,
    rejection: str | None = None,
) -> Document:
    from newslake.pipeline.jobs.pipeline_version import version_of
    from newslake.pipeline.nlp import TOO_LONG, why_not_annotated
    from newslake.pipeline.tables import annotation_rows

    if model_name is not None and TOO_LONG in article.flags:
        raise ExtractorError(f"{why_not_annotated(article)}; split it", key=article.article_id, reason=TOO_LONG)
    rows = annotation_rows(article, read, model_name=model_name, pipeline_version=version_of(settings))
    source = article if model_name is None else None
    return Document(rows=rows, origin=origin, rejection=rejection, source=source)


@cache
def _annotator() -> tuple["Settings", "LoadedAnnotator"]:
    """Return the settings and the annotator of this process. Raises: ConfigError."""
    from newslake.pipeline.jobs.knowledge import annotator_of
    from newslake.pipeline.settings import Settings

    settings = Settings.load()
    return settings, annotator_of(settings)


def _check_html(html: object) -> None:
    """Raises: ConfigError for what is not the text or the bytes of a page."""
    if not isinstance(html, str | bytes):
        advice = "give its text or bytes, for example Path('page.html').read_bytes()"
        raise ConfigError(f"a page is not of the type {type(html).__name__}; {advice}", key="html")
    if isinstance(html, str) and _URL.fullmatch(html):
        raise ConfigError(f"{html[:200]} is a URL, and nothing is fetched; give the HTML of its page", key="html")


def _moment(when: date | datetime | str | None, *, name: str) -> datetime | None:
    """Return a time in UTC; a day is its midnight. Raises: ConfigError."""
    from newslake.pipeline.sources import parse_iso

    if when is None:
        return None
    if not isinstance(when, str | date):
        raise ConfigError(f"{name}={when!r} is not a date or time", key=name)
    text = when if isinstance(when, str) else when.isoformat()
    try:
        return parse_iso(text)[0]
    except ValueError as error:
        raise ConfigError(f"{name}: {text[:60]!r} is not an ISO date or time", key=name) from error
