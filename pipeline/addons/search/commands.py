"""`newslake search`: articles by their words, best first."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from newslake.pipeline.cli import completion
from newslake.pipeline.cli.days import day_of
from newslake.pipeline.cli.output import AsJson, note_missing_lake, out, print_json, print_note, progress, workspace
from newslake.pipeline.errors import ConfigError

if TYPE_CHECKING:
    from newslake.pipeline.addons.search.articles import SearchHit, SearchResult
    from newslake.pipeline.addons.search.excerpts import Segment
    from newslake.pipeline.addons.search.index import SearchPlace
    from newslake.pipeline.durability import Durability
    from newslake.pipeline.jobs.workspace import Workspace

Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="[WORDS]...", help="Words; '\"a phrase\"'; -word; OR; start*; title:word."),
]
Rebuild = Annotated[bool, typer.Option("--rebuild", help="Build the index again from all articles, before a search.")]


def search(  # noqa: PLR0913, PLR0917 - the options of the command
    words: Words = None,
    first: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="First published day, YYYY-MM-DD (default: all days).")
    ] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last published day, inclusive.")] = None,
    source: Annotated[
        str | None, typer.Option(metavar="KEY", help="Only this source.", autocompletion=completion.sources)
    ] = None,
    language: Annotated[str | None, typer.Option(metavar="CODE", help="Only this language, e.g. en.")] = None,
    limit: Annotated[int, typer.Option(metavar="N", help="Number of articles, at most 100.")] = 20,
    offset: Annotated[int, typer.Option(metavar="N", help="Number of articles to skip, at most 1000.")] = 0,
    is_rebuilt: Rebuild = False,
    as_json: AsJson = False,
) -> None:
    """Search the articles by their words, best first.

    All words must occur, in English articles in any form: ferry finds ferries. A "phrase" has its words in this order,
    as written; OR is an alternative, -word must not occur, start* is the start of a word, title:word is in the title.
    Prints id and offsets of the first match of each article.
    """
    from newslake.pipeline.addons.search.articles import SearchFilter, search_articles
    from newslake.pipeline.addons.search.upkeep import search_place_of
    from newslake.pipeline.jobs.inventory import LAKE, check_stores

    space = workspace(is_reader=True)
    check_stores(space.settings, LAKE)
    if is_rebuilt:
        rebuilt = _rebuild(space)
        if not words:
            _print_rebuilt(rebuilt, as_json=as_json)
            return
    elif not words:
        raise ConfigError("give the words to find, or --rebuild", key="words")
    place = search_place_of(space)
    if not is_rebuilt:
        _update(place, space.settings.durability)
    text = " ".join(words)
    chosen = SearchFilter(first=_day(first, "--from"), last=_day(last, "--to"), source=source, language=language)
    seconds = space.settings.sql_seconds
    result = search_articles(place, text, chosen, limit=limit, offset=offset, seconds=seconds)
    if as_json:
        print_json(_as_dict(text, result))
    else:
        _print(result)


def _day(text: str | None, option: str) -> date | None:
    return None if text is None else day_of(text, option=option)


def _update(place: "SearchPlace", durability: "Durability") -> None:
    """Bring the index to the head. A first index takes time, so its step is shown."""
    from newslake.pipeline.addons.search.upkeep import update_search

    note_missing_lake()
    with progress(quiet=place.memory is None and not place.is_missing()) as report_progress:
        report_progress("updating the search index")
        update_search(place, durability=durability)


def _rebuild(space: "Workspace") -> dict[str, float]:
    from newslake.pipeline.addons.search.index import rebuild_index
    from newslake.pipeline.addons.search.upkeep import lasting_place_of

    began, place = time.monotonic(), lasting_place_of(space)
    with progress(quiet=False) as report_progress:
        report_progress("building the search index")
        done = rebuild_index(place, durability=space.settings.durability)
    size = place.path.stat().st_size if place.path.exists() else 0
    return {"articles": done.added, "months": done.months, "bytes": size, "seconds": time.monotonic() - began}


def _print_rebuilt(done: Mapping[str, float], *, as_json: bool) -> None:
    if as_json:
        print_json(done)
        return
    size = f"{done['bytes'] / 1e6:,.1f} MB in {done['seconds']:.1f} s"
    out.print(f"search index: {done['articles']:,} articles, {size}", highlight=False)


def _as_dict(text: str, result: "SearchResult") -> dict[str, object]:
    hits = [
        {**asdict(hit), "title": _plain(hit.title), "snippet": _plain(hit.snippet), "score": round(hit.score, 3)}
        for hit in result.hits
    ]
    facts = {"total": result.total, "offset": result.offset, "is_current": result.is_current}
    return {"text": text, **facts, "hits": hits}


def _plain(parts: Sequence["Segment"]) -> str:
    return "".join(each.text for each in parts)


def _print(result: "SearchResult") -> None:
    for number, hit in enumerate(result.hits, result.offset + 1):
        _print_hit(number, hit)
    shown = len(result.hits)
    print_note(
        f"{result.total:,} matching article{'s' if result.total > 1 else ''}" if shown else "no matching articles"
    )
    if result.offset + shown < result.total and shown:
        print_note(f"--offset {result.offset + shown} shows the next ones")
    if not result.is_current:
        print_note("the search index is older than the tables: new articles may be missing")


def _print_hit(number: int, hit: "SearchHit") -> None:
    place = hit.article_id if hit.start_char is None else f"{hit.article_id} {hit.start_char}-{hit.end_char}"
    out.print(Text(f"{number}. ").append_text(_marked(hit.title, style="bold")), soft_wrap=True)
    repeated = f", duplicate of {hit.dup_group_id}" if hit.is_duplicate else ""
    facts = f"   {hit.published_date}, {hit.publisher or hit.source_key}, {place}{repeated}"
    out.print(Text(facts, style="dim"), soft_wrap=True)
    out.print(Text("   ").append_text(_marked(hit.snippet, style="")), soft_wrap=True)


def _marked(parts: Sequence["Segment"], *, style: str) -> Text:
    from newslake.pipeline.show.rendering import make_visible

    marked = [(make_visible(each.text), "bold yellow" if each.is_match else style) for each in parts]
    return Text.assemble(*marked) if marked else Text("Untitled", style=style)
