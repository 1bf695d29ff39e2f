"""The add-on search: full-text search."""

from typing import TYPE_CHECKING

from newslake.pipeline.hooks import AddonInfo, Command, StorePart, TakedownPhase, Upkeep, implementation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from newslake.pipeline.addons.newsroom.page_list import NewsroomPage
    from newslake.pipeline.addons.search.articles import SearchResult
    from newslake.pipeline.jobs.workspace import Workspace


@implementation
def addon_info() -> AddonInfo:
    """Return what the add-on is."""
    return AddonInfo("search", "Search", fits=("newsroom",))


@implementation
def commands() -> list[Command]:
    """Return the commands of the add-on."""
    return [
        Command(
            "search",
            "newslake.pipeline.addons.search.commands:search",
            "Search the articles by their words, best first.",
            context={"ignore_unknown_options": True},
        ),
    ]


@implementation
def after_commit(workspace: "Workspace") -> None:
    """Bring the index of a lake of one machine to its head."""
    from newslake.pipeline.addons.search.upkeep import update_after_commit

    update_after_commit(workspace)


@implementation
def verify_part(workspace: "Workspace", has_lake: bool) -> "Sequence[str]":
    """Return the damage of the index."""
    from newslake.pipeline.addons.search.upkeep import problems_of_search

    return problems_of_search(workspace) if has_lake else ()


@implementation
def repair_part(workspace: "Workspace") -> "Sequence[str]":
    """Build a damaged index again, and bring an older one to the head of the lake."""
    from newslake.pipeline.addons.search.upkeep import mend_search

    return mend_search(workspace)


@implementation
def maintenance(workspace: "Workspace") -> Upkeep:
    """Build the index that a process died before building, but not that of a host."""
    from newslake.pipeline.addons.search.upkeep import update_after_commit
    from newslake.pipeline.model import pluralize

    done = update_after_commit(workspace)
    if done is None or not done.added:
        return Upkeep()
    return Upkeep(lines=(f"built the missing search index: {pluralize(done.added, 'article')}",))


@implementation
def search_articles(place: "Path", text: str, options: "Mapping[str, Any]") -> "SearchResult":
    """Return the articles that match a text, best first."""
    from newslake.pipeline.addons.search.articles import SearchFilter, search_articles

    chosen = SearchFilter(**{name: options[name] for name in ("first", "last", "source", "language")})
    page = {name: options[name] for name in ("limit", "offset", "seconds")}
    return search_articles(place, text, chosen, **page)


@implementation
def store_parts() -> list[StorePart]:
    """Return the parts of the data root that the add-on writes."""
    paths = ("lake/_state/search.sqlite", "search.sqlite")  # the second on a host of a shared store
    return [StorePart(path, has_articles=True, is_lossy=True) for path in paths]


@implementation
def on_takedown(workspace: "Workspace", phase: TakedownPhase) -> None:
    """Erase the words of articles that the tables have lost from the index."""
    if phase != "rows":
        return
    from newslake.pipeline.addons.search.upkeep import erase_from_search

    erase_from_search(workspace)


@implementation(optionalhook=True)
def newsroom_pages() -> "list[NewsroomPage]":
    """Return the page of full-text search."""
    from newslake.pipeline.addons.newsroom.page_list import NewsroomPage

    return [NewsroomPage("/search", "newslake.pipeline.addons.search.page:answer_search")]
