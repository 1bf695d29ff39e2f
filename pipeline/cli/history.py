"""`newslake history`: when a page was looked at, and what changed in it."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from pipeline.cli.output import AsJson, out, print_json, print_rows, workspace

if TYPE_CHECKING:
    from pipeline.reports.page_history import PageHistory, Revision

_VISIT_COLUMNS = ("at", "what", "status", "source", "revision", "bytes")
_CHANGE_MARKS = {"added": "[green]+", "removed": "[red]-"}


def history(
    page: Annotated[str, typer.Argument(metavar="URL|ARTICLE_ID", help="A page, or an article by its id.")],
    as_json: AsJson = False,
) -> None:
    """Show the captures of a page in time order, and what changed between its contents, sentence by sentence."""
    from pipeline.reports.page_history import page_history

    found = page_history(workspace(), page)
    if as_json:
        print_json(asdict(found))
        return
    _print_visits(found)
    for revision in found.revisions:
        print_revision(revision)
    if found.is_gone:
        out.print("\n[red]the page is gone; what was captured of it stays[/red]", highlight=False)


def _print_visits(found: "PageHistory") -> None:
    rows = [
        (
            f"{look.at:%Y-%m-%d %H:%M:%S}",
            look.what,
            look.status,
            look.source_key,
            look.revision_id or look.reason,
            (look.digest or "").removeprefix("sha256:")[:12],
        )
        for look in found.looks
    ]
    print_rows(_VISIT_COLUMNS, rows, as_json=False)


def print_revision(revision: "Revision") -> None:
    """Print one content of a page and what is new in it."""
    title = escape(revision.title or "without a title")
    out.print(
        f"\n[bold]{revision.revision_id}[/bold] {revision.fetched_at:%Y-%m-%d %H:%M:%S}, {revision.word_count} words: "
        f"{title}",
        highlight=False,
    )
    for change in revision.changes:
        out.print(f"{_CHANGE_MARKS[change.kind]} {escape(change.sentence)}[/]", highlight=False, soft_wrap=True)
    for quote in revision.quotes_removed:
        out.print(f"[red]no longer quoted:[/red] {escape(quote)}", highlight=False, soft_wrap=True)
