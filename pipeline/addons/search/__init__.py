"""Full-text search: an index of the words of all articles (SQLite FTS5), its updates, and the search itself."""

from newslake.pipeline.addons.search.articles import PAGE_SIZE, SearchFilter, SearchHit, SearchResult, search_articles
from newslake.pipeline.addons.search.excerpts import Segment
from newslake.pipeline.addons.search.index import (
    IndexReport,
    SearchPlace,
    SearchTarget,
    erase_removed,
    index_path,
    problems_of_index,
    rebuild_index,
    update_index,
)

__all__ = [
    "PAGE_SIZE",
    "IndexReport",
    "SearchFilter",
    "SearchHit",
    "SearchPlace",
    "SearchResult",
    "SearchTarget",
    "Segment",
    "erase_removed",
    "index_path",
    "problems_of_index",
    "rebuild_index",
    "search_articles",
    "update_index",
]
