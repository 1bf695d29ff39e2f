"""The tool search: articles that match words, with the place of the first match."""

from collections.abc import Sequence
from itertools import accumulate

from pydantic import Field

from newslake.pipeline.addons.search.articles import SearchFilter, SearchHit, SearchResult, search_articles
from newslake.pipeline.addons.search.upkeep import await_update, search_place_of
from newslake.pipeline.agents.answers import CELL_CHARS, MOST_CHARS, Continuation, ToolAnswer, Untrusted, plain
from newslake.pipeline.errors import LakeError
from newslake.pipeline.jobs.workspace import Workspace

MOST_HITS, LAST_OFFSET = 50, 1_000
_ROOM = 1_000  # characters of an answer for all that is not a hit
_MOST_WORDS, _WORD_CHARS = 20, 100
_WITHOUT_INDEX = (
    "until then, the tool sql finds words: SELECT article_id, title FROM articles WHERE text ILIKE '%word%'"
)
_NO_MATCH = "no article has all these words: use fewer words, word OR other, or the start of a word with *"
_BUILDING = "the search index of this host is being updated, and articles may be missing: try again in a minute"
_NOT_CURRENT = "articles of the latest commit are not in the search index yet: try again in a minute"


class HitAnswer(ToolAnswer):
    """An article that matches. ``snippet`` is from several places of the text; quote from the tool article."""

    article_id: str
    revision_id: str
    payload_digest: str | None = None
    title: str | None = None
    snippet: str
    matched_words: list[str]
    start_char: int | None = Field(
        None, description="The first match in the text of the article: first_char of article."
    )
    end_char: int | None = None
    url: str | None = None
    publisher: str | None = None
    source_key: str
    language: str | None = None
    published_at: str | None = None
    published_date: str
    duplicate_of: str | None = Field(None, description="The article_id of the earlier article that this one repeats.")


class HitsOfSearch(ToolAnswer):
    """Hits, best first."""

    hits: list[HitAnswer]


class SearchAnswer(ToolAnswer):
    """Articles that match, best first."""

    total: int = Field(description="Number of matching articles.")
    offset: int
    hit_count: int = Field(description="Articles in this answer.")
    note: str | None = None
    cut: Continuation | None = None
    untrusted: HitsOfSearch = Untrusted


def search_answer(workspace: Workspace, text: str, chosen: SearchFilter, *, limit: int, offset: int) -> SearchAnswer:
    """Return the articles that match a text, best first. Raises: as the search and the update of its index."""
    place, settings = search_place_of(workspace), workspace.settings
    is_building = await_update(place, durability=settings.durability)
    try:
        found = search_articles(place, text, chosen, limit=limit, offset=offset, seconds=settings.newsroom_seconds)
    except LakeError as error:
        raise LakeError(f"{error}; {_WITHOUT_INDEX}", key=error.key, reason=error.reason) from error
    stored = workspace.lake.index.stored([hit.article_id for hit in found.hits])
    digests = {(key, each.revision_id): each.payload_digest for key, each in stored.items()}
    hits = [_hit(each, digests.get((each.article_id, each.revision_id))) for each in found.hits]
    fitting = fitting_hits(hits)
    following = offset + (limit if fitting == len(hits) else fitting)
    return SearchAnswer(
        total=found.total,
        offset=offset,
        hit_count=fitting,
        note=_note(found, is_building=is_building),
        cut=_continuation(found, following),
        untrusted=HitsOfSearch(hits=hits[:fitting]),
    )


def fitting_hits(hits: Sequence[HitAnswer]) -> int:
    """Return how many of the first hits fit into an answer."""
    sizes = accumulate((len(hit.model_dump_json()) for hit in hits), initial=_ROOM)
    return sum(size <= MOST_CHARS for size in sizes) - 1


def _note(found: SearchResult, *, is_building: bool) -> str | None:
    notes = [] if found.is_current else [_BUILDING if is_building else _NOT_CURRENT]
    return "; ".join(notes if found.total else [*notes, _NO_MATCH]) or None


def _continuation(found: SearchResult, following: int) -> Continuation | None:
    if following >= found.total:
        return None
    if following > LAST_OFFSET:
        return Continuation(reason="rows", message="there are more articles: add a word, or give since and until")
    message = f"there are {found.total:,} articles: call again with offset={following}, or add a word"
    return Continuation(reason="rows", next_offset=following, message=message)


def _hit(hit: SearchHit, payload_digest: str | None) -> HitAnswer:
    matched = (each.text.lower() for each in (*hit.title, *hit.snippet) if each.is_match)
    return HitAnswer(
        article_id=hit.article_id,
        revision_id=hit.revision_id,
        payload_digest=payload_digest,
        title="".join(each.text for each in hit.title)[:CELL_CHARS] or None,
        snippet="".join(each.text for each in hit.snippet)[:CELL_CHARS],
        matched_words=[word[:_WORD_CHARS] for word in dict.fromkeys(matched)][:_MOST_WORDS],
        start_char=hit.start_char,
        end_char=hit.end_char,
        url=hit.url and hit.url[:CELL_CHARS],
        publisher=hit.publisher and hit.publisher[:CELL_CHARS],
        source_key=hit.source_key,
        language=hit.language,
        published_at=plain(hit.published_at),
        published_date=str(hit.published_date),
        duplicate_of=hit.dup_group_id if hit.is_duplicate else None,
    )
