"""The page of full-text search: a form, and hits with highlighted words, 20 per page."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from urllib.parse import quote

from newslake.pipeline.addons.newsroom.page_request import NewsroomRequest, PageAnswer
from newslake.pipeline.addons.newsroom.rendering import TEMPLATES, UrlQuery, page, parse_day, parse_text
from newslake.pipeline.addons.search.articles import PAGE_SIZE, SearchFilter, SearchHit, SearchResult, search_articles
from newslake.pipeline.addons.search.excerpts import Segment
from newslake.pipeline.addons.search.index import SearchTarget
from newslake.pipeline.addons.search.upkeep import await_update, search_place_of
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.show.rendering import link

SEARCH_TEMPLATES = TEMPLATES.extend("newslake.pipeline.addons.search", style="search.css")
_MOST_LETTERS = 400
_LAST_PAGE = 50
_FOLDED_NAMES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """What a URL searches for. ``number`` is the page, from 1. Without a text, only the form is shown."""

    text: str
    chosen: SearchFilter
    number: int

    def form(self) -> dict[str, object]:
        """Return the parameters of links to other pages of the hits."""
        days = {"from_": self.chosen.first, "to": self.chosen.last}
        return {"q": self.text, **days, "source": self.chosen.source, "language": self.chosen.language}


@dataclass(frozen=True, slots=True, kw_only=True)
class _HitView:
    """A hit on the page. ``number`` is its place among all hits; ``original`` is the URL of the article it repeats.

    ``copies`` are the hits of lower rank on the page with nearly the same text, and ``folded`` says which they are.
    """

    number: int
    href: str
    title: tuple[Segment, ...]
    snippet: tuple[Segment, ...]
    facts: str
    original: str
    copies: "tuple[_HitView, ...]"
    folded: str


def answer_search(request: NewsroomRequest) -> PageAnswer:
    """Answer with the hits of a search. The index of this host is updated first."""
    workspace, search = request.workspace, parse_search_request(request.query)
    place, seconds = search_place_of(workspace), workspace.settings.newsroom_seconds
    is_building = bool(search.text) and await_update(place, durability=workspace.settings.durability)
    html = partial(search_page, root=request.root, choices=request.source_keys, seconds=seconds)
    return PageAnswer(
        partial(list_hits, place, search, seconds=seconds),
        partial(html, place, search, is_building=is_building),
        SEARCH_TEMPLATES,
    )


def parse_search_request(query: UrlQuery) -> SearchRequest:
    """Return the search of a URL. Raises: ConfigError for an invalid date or page, or a text that is too long."""
    number = query.get("page", "").strip() or "1"
    if not re.fullmatch(r"[0-9]{1,2}", number) or not 1 <= int(number) <= _LAST_PAGE:
        raise ConfigError(f"page={number[:20]} is not a number from 1 to {_LAST_PAGE}", key="page")
    chosen = SearchFilter(
        first=parse_day(query, "from"),
        last=parse_day(query, "to"),
        source=parse_text(query, "source"),
        language=parse_text(query, "language"),
    )
    return SearchRequest(text=parse_text(query, "q", most=_MOST_LETTERS) or "", chosen=chosen, number=int(number))


def search_page(
    searched: SearchTarget,
    request: SearchRequest,
    *,
    root: str,
    choices: Sequence[str] = (),
    seconds: float,
    is_building: bool = False,
) -> str:
    """Return the page of a search. ``choices`` are the keys of the sources; ``seconds`` is the time limit.

    ``is_building`` says that an update of the index goes on: articles of any age may be missing.
    A text that cannot be searched is a message on the page, so that it can be changed.
    Raises: ConfigError for an invalid period; LakeError for a missing or damaged index; LimitError.
    """
    result, message = None, ""
    if request.text:
        try:
            result = _search(searched, request, seconds=seconds)
        except ConfigError as error:
            if error.key != "text":
                raise
            message = str(error)
    shown = result or SearchResult(hits=(), total=0, offset=0, is_current=True)
    end = shown.offset + len(shown.hits)
    is_more = bool(shown.hits) and shown.offset + PAGE_SIZE < shown.total and request.number < _LAST_PAGE
    return page(
        "search.html",
        templates=SEARCH_TEMPLATES,
        root=root,
        title=f"Search: {request.text}" if request.text else "Search",
        search_text=request.text,
        form={name.rstrip("_"): value or "" for name, value in request.form().items()},
        sources=sorted({*choices, *filter(None, [request.chosen.source])}),
        message=message,
        is_searched=result is not None,
        total=f"{shown.total:,} matching article{'' if shown.total == 1 else 's'}",
        period=f"{shown.offset + 1} to {end}" if shown.hits else "",
        is_current=shown.is_current,
        is_building=is_building,
        hits=_hit_views(shown, root),
        more=link(root, "search", **request.form(), page=request.number + 1) if is_more else "",
        earlier=link(root, "search", **request.form(), page=request.number - 1) if request.number > 1 else "",
    )


def list_hits(searched: SearchTarget, request: SearchRequest, *, seconds: float) -> dict[str, object]:
    """Return the hits of a search as data, with ids and offsets. Raises: ConfigError as ``search_articles``."""
    result = _search(searched, request, seconds=seconds)
    hits = [{**asdict(hit), "title": _plain(hit.title), "snippet": _plain(hit.snippet)} for hit in result.hits]
    facts = {"total": result.total, "offset": result.offset, "is_current": result.is_current}
    return {"text": request.text, **facts, "hits": hits}


def _search(searched: SearchTarget, request: SearchRequest, *, seconds: float) -> SearchResult:
    offset = PAGE_SIZE * (request.number - 1)
    return search_articles(searched, request.text, request.chosen, offset=offset, seconds=seconds)


def _hit_views(result: SearchResult, root: str) -> list[_HitView]:
    """Return the hits of a page in order; those that repeat the same article are folded into the first of them."""
    groups: dict[str, list[tuple[int, SearchHit]]] = {}
    for number, hit in enumerate(result.hits, result.offset + 1):
        groups.setdefault(hit.dup_group_id, []).append((number, hit))
    return [
        _hit_view(
            number, hit, root, copies=tuple(_hit_view(n, each, root) for n, each in copies), folded=_folded(copies)
        )
        for (number, hit), *copies in groups.values()
    ]


def _folded(copies: Sequence[tuple[int, SearchHit]]) -> str:
    names = list(dict.fromkeys(hit.publisher or hit.source_key for _, hit in copies))
    shown = ", ".join(names[:_FOLDED_NAMES]) + (", …" if len(names) > _FOLDED_NAMES else "")
    return f"{len(copies)} more with nearly the same text: {shown}" if copies else ""


def _hit_view(
    number: int, hit: SearchHit, root: str, *, copies: tuple[_HitView, ...] = (), folded: str = ""
) -> _HitView:
    place = "" if hit.start_char is None else f"characters {hit.start_char} to {hit.end_char}"
    facts = (str(hit.published_date), hit.publisher or hit.source_key, place)
    return _HitView(
        number=number,
        href=link(root, f"articles/{hit.article_id}") + _text_fragment(hit.snippet),
        title=hit.title if _plain(hit.title).strip() else (Segment("Untitled", is_match=False),),
        snippet=hit.snippet,
        facts=" · ".join(filter(None, facts)),
        original=link(root, f"articles/{hit.dup_group_id}") if hit.is_duplicate else "",
        copies=copies,
        folded=folded,
    )


def _text_fragment(parts: Sequence[Segment]) -> str:
    """Return the fragment with which a browser scrolls to the first match of a snippet, and marks it."""
    first = next((each.text for each in parts if each.is_match), "")
    return f"#:~:text={quote(first, safe='').replace('-', '%2D')}" if first else ""


def _plain(parts: Sequence[Segment]) -> str:
    return "".join(each.text for each in parts)
