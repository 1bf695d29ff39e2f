"""`newslake forget`: take pages down permanently."""

import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated

import typer

from newslake.pipeline.cli.completion import sources
from newslake.pipeline.cli.output import AsJson, err, out, print_error, print_json, print_rows, progress, workspace
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.model import pluralize

if TYPE_CHECKING:
    from newslake.pipeline.jobs.workspace import Workspace
    from newslake.pipeline.upkeep.takedown import TakedownResult, TakedownTarget

_COLUMNS = ("takedown_id", "kind", "at", "reason", "articles", "is_done")
_DUPLICATES_MAX = 10

Reserved = Annotated[
    bool,
    typer.Option("--reserved", help="All articles that reserve text and data mining; needs NEWS_TDM_POLICY=obey."),
]
WithDuplicates = Annotated[
    bool, typer.Option("--with-duplicates", help="Also the articles that repeat the deleted ones.")
]
Reason = Annotated[
    str | None,
    typer.Option(metavar="TEXT", help='The reason. It is public: exports contain it, in the table "deletions".'),
]


def forget(  # noqa: PLR0913 - one argument per option
    what: Annotated[str | None, typer.Argument(metavar="URL|ARTICLE_ID", help="The article to take down.")] = None,
    *,
    publisher: Annotated[str | None, typer.Option(metavar="NAME", help="All articles of this publisher.")] = None,
    source: Annotated[
        str | None, typer.Option(metavar="KEY", help="All articles from this source.", autocompletion=sources)
    ] = None,
    reserved: Reserved = False,
    duplicates: WithDuplicates = False,
    reason: Reason = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what would be deleted; delete nothing.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="List all takedowns; delete nothing.")] = False,
    revoke: Annotated[
        str | None, typer.Option(metavar="ID", help="Unblock the pages of this takedown; restores no data.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Delete articles permanently, and block their pages.

    Deletes them from archive, tables, snapshots and inboxes, and removes their URLs and ids from the table `outcomes`.
    Exit 1 if nothing is found (the pages are blocked all the same), if the takedown is not finished, or if you decline.
    """
    given = [each for each in (what, publisher, source, revoke) if each is not None]
    if len(given) + reserved + listed != 1:
        raise ConfigError(
            "give one of URL|ARTICLE_ID, --publisher, --source, --reserved, --list, --revoke", key="forget"
        )
    space = workspace(is_reader=listed or dry_run)
    if listed:
        found = [replace(each, at=each.at.replace(microsecond=0)) for each in space.takedowns.all()]
        rows = [[getattr(each, name) for name in _COLUMNS] for each in found]
        print_rows(_COLUMNS, rows, as_json=as_json)
    elif revoke is not None:
        _revoke(space, revoke)
    else:
        _forget(
            space,
            _target(what, publisher, source, duplicates=duplicates),
            reason,
            yes=yes,
            dry_run=dry_run,
            as_json=as_json,
        )


def _target(what: str | None, publisher: str | None, source: str | None, *, duplicates: bool) -> "TakedownTarget":
    from newslake.pipeline.upkeep.takedown import TakedownTarget

    if what is not None:
        return TakedownTarget(kind="article", value=what, with_duplicates=duplicates)
    if publisher is not None:
        return TakedownTarget(kind="publisher", value=publisher, with_duplicates=duplicates)
    if source is not None:
        return TakedownTarget(kind="source", value=source)
    return TakedownTarget(kind="reserved", value="", with_duplicates=duplicates)


def _revoke(space: "Workspace", takedown_id: str) -> None:
    if not space.takedowns.revoke(takedown_id):
        raise ConfigError(f"no finished takedown {takedown_id}; `newslake forget --list` lists all", key=takedown_id)
    out.print("the pages of this takedown are unblocked; deleted data is not restored", highlight=False)


def _forget(
    space: "Workspace", target: "TakedownTarget", reason: str | None, *, yes: bool, dry_run: bool, as_json: bool
) -> None:
    from newslake.pipeline.upkeep.addon_takedown import follow_in_addons
    from newslake.pipeline.upkeep.takedown import forget, preview_takedown

    if dry_run or not yes:
        seen = preview_takedown(space, target)
        if dry_run:
            _print_result(seen, "would be deleted", as_json=as_json)
            return
        _print_summary(seen, err.print, "would be deleted")
        _print_remaining(seen)
        if not sys.stdin.isatty():
            raise ConfigError("cannot ask for confirmation without a terminal; give --yes", key="yes")
        typer.confirm("Delete all this permanently?", abort=True, err=True)
    with progress(quiet=as_json) as report_progress:
        done = forget(space, target, reason=reason, report_progress=report_progress)
    failures = follow_in_addons(space)
    for each in failures:
        print_error(each)
    _print_result(done, "deleted", as_json=as_json)
    if failures:
        raise typer.Exit(1)


def _print_result(done: "TakedownResult", verb: str, *, as_json: bool) -> None:
    """Print what is or was deleted. Exit 1 if that is nothing, or if something remains to be done."""
    if as_json:
        print_json(asdict(done))
    else:
        _print_summary(done, out.print, verb)
        _print_remaining(done)
    for each in done.unfinished:
        print_error(f"takedown {done.takedown_id} is not finished: {each}")
    if done.unfinished or not done.is_here:
        raise typer.Exit(1)


def _print_summary(seen: "TakedownResult", print_line: Callable[..., None], verb: str) -> None:
    if not seen.is_here:
        blocked = f"its pages are blocked by takedown {seen.takedown_id}"
        print_error(f"nothing found; {blocked if seen.takedown_id else 'check the spelling'}")
        return
    rows = ", ".join(f"{count} {name}" for name, count in seen.rows.items())
    print_line(
        f"{pluralize(len(seen.articles), 'article')} at {pluralize(seen.pages, 'address', 'addresses')} {verb}: "
        f"{pluralize(seen.captures, 'record')} of the archive; rows: {rows}; on {pluralize(len(seen.days), 'day')}",
        highlight=False,
        soft_wrap=True,
    )
    if seen.takedown_id is not None:
        log_rows, inbox_files = pluralize(seen.log_rows, "row"), pluralize(seen.inbox_files, "inbox file")
        changes = (f"{log_rows} of the log redacted", f"{inbox_files} cleared", *seen.part_lines)
        print_line(f"takedown {seen.takedown_id}: {', '.join(changes)}", highlight=False)
    for name in seen.snapshots:
        print_line(f"snapshot {name}: its rows are deleted", highlight=False)
    for name in seen.dropped_snapshots:
        print_line(f"snapshot {name} had its rows, and is dropped", highlight=False)
    if seen.duplicates:
        shown = ", ".join(seen.duplicates[:_DUPLICATES_MAX]) + (
            ", ..." if len(seen.duplicates) > _DUPLICATES_MAX else ""
        )
        others = (
            "1 more article repeats" if len(seen.duplicates) == 1 else f"{len(seen.duplicates)} more articles repeat"
        )
        print_error(f"{others} the above; --with-duplicates includes them: {shown}")


def _print_remaining(seen: "TakedownResult") -> None:
    """Print which copies elsewhere a person has to clear, also if nothing else is found."""
    for each in seen.remaining:
        print_error(each)
