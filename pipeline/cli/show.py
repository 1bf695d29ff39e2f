"""`newslake show`, `why` and `history`: an article in the terminal or as HTML, its provenance, and its revisions."""

import shlex
import tempfile
import webbrowser
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.text import Text

from newslake.pipeline.cli.completion import sources
from newslake.pipeline.cli.output import AsJson, out, print_error, print_json, print_note, print_rows, workspace
from newslake.pipeline.cli.query import path_outside_lake
from newslake.pipeline.errors import ConfigError

if TYPE_CHECKING:
    from newslake.pipeline.jobs.workspace import Workspace
    from newslake.pipeline.model.provenance import Check, Fact, ProvenanceStep
    from newslake.pipeline.show.article import ArticlePage
    from newslake.pipeline.show.article_view import ArticleView
    from newslake.pipeline.show.page_history import PageHistory, PageRevision


def show(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="ARTICLE|URL|FILE",
            help="An article in the lake (its id or URL), or a file (.html, .txt). Default: the newest article.",
        ),
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write self-contained HTML to FILE.")] = None,
    is_opened: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    published_at: Annotated[
        str | None,
        typer.Option(
            metavar="DATE", help='Only for a FILE: its publication date, to resolve "on Monday"; e.g. 2017-06-13.'
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            metavar="KEY", help="Only for a FILE: apply the layout rules of this source.", autocompletion=sources
        ),
    ] = None,
) -> None:
    """Show one article with all its annotations.

    Prints its text, entities, quotes with speaker and cue, events, provenance, revisions and the number of rows. Exit 1
    if the lake does not have the article.
    """
    from newslake.pipeline.show.article import article_html, article_page

    space = workspace(is_reader=True)
    found = _load_view(space, what or _newest_article(space), published_at=published_at, source=source)
    shown = article_page(found.rows, origin=found.origin, provenance=found.provenance, versions=found.versions)
    if html is None and not is_opened:
        _print(shown, found)
        return
    path = path_outside_lake(space.settings.lake_dir, str(html)) if html else _new_file()
    _write(path, article_html(shown))
    if is_opened and not webbrowser.open(path.resolve().as_uri()):
        print_error(f"cannot start a browser; open {path}")


def _newest_article(space: "Workspace") -> str:
    from newslake.pipeline.show.article_view import newest_article_id

    if (article_id := newest_article_id(space)) is None:
        print_error("the lake has no article yet; start with `newslake run`")
        raise typer.Exit(1)
    return article_id


def _load_view(space: "Workspace", what: str, *, published_at: str | None, source: str | None) -> "ArticleView":
    from newslake.pipeline.show.article_view import preview, view_article, view_preview

    if Path(what).is_file():
        return view_preview(space, what, preview(space, what, published_at=published_at, source_key=source))
    if published_at or source:
        raise ConfigError(f"--published-at and --source are for a file; {what} is not a file", key=what)
    found = view_article(space, what)
    if found is None:
        print_error(f"the lake has no such article; `newslake why {shlex.quote(what)}` shows what is known about it")
        raise typer.Exit(1)
    return found


def _print(page: "ArticlePage", found: "ArticleView") -> None:
    from newslake.pipeline.cli.article_text import draw_fields, draw_lists, draw_text
    from newslake.pipeline.show.rendering import make_visible

    out.print(Text(f"{make_visible(page.byline)}\n{page.origin}", style="dim"))
    draw_text(page)
    draw_lists(page)
    draw_fields(page)
    for step in found.provenance:
        print_step(step, is_first=False)
    for revision in found.versions:
        print_revision(revision)
    counts = ", ".join(f"{each.count} of {each.table}" for each in page.rows)
    print_note(f"rows: {counts}; --html shows them as JSON")


def _new_file() -> Path:
    with tempfile.NamedTemporaryFile(prefix="newslake-", suffix=".html", delete=False) as file:
        return Path(file.name)


def _write(path: Path, html: str) -> None:
    from newslake.pipeline.query.result_files import whole_file

    with whole_file(path) as file:
        file.write(html.encode())
    print_note(f"page written to {path}")


# `newslake why`: the provenance of a row, or the reason why a page has no row.

_CHECK_MARKS = {True: ("✓", "green"), False: ("✗", "bold red"), None: ("?", "yellow")}
_INDENT, _NAME = "  ", 17


def why(
    what: Annotated[
        str,
        typer.Argument(metavar="URL|ARTICLE_ID|ROW", help="A page, an article, or a row, e.g. ARTICLE_ID:quotes:3."),
    ],
    as_json: AsJson = False,
) -> None:
    """Trace a row to its origin, or show why a page has no row.

    For a row, prints its text span, its article, its archive record and the listing. For a page without rows, prints
    its latest outcome with the reason. Checks each part of the trace again. Exit 1 if nothing is known, or if a check
    fails.
    """
    from newslake.pipeline.show.provenance import trace_provenance

    found = trace_provenance(workspace(is_reader=True), what)
    if as_json:
        print_json({**asdict(found), "is_whole": found.is_whole})
    else:
        for number, step in enumerate(found.steps):
            print_step(step, is_first=number == 0)
    if not found.is_whole:
        raise typer.Exit(1)


def print_step(step: "ProvenanceStep", *, is_first: bool) -> None:
    """Print one step of the provenance."""
    from newslake.pipeline.model.provenance import STEP_HEADINGS

    heading = Text(f"{STEP_HEADINGS[step.name]:<{_NAME + len(_INDENT)}}", style="bold cyan")
    out.print(Text() if is_first else Text("\n"), end="")
    out.print(heading.append(step.headline, style="bold"), soft_wrap=True)
    if step.excerpt is not None:
        each = step.excerpt
        words = Text.assemble((each.before, "dim"), (f"»{each.span}«", "bold reverse"), (each.after, "dim"))
        for line in words.split("\n", allow_blank=False):
            out.print(Text(_INDENT).append_text(line), soft_wrap=True)
    for fact in step.facts:
        out.print(_fact(fact), soft_wrap=True)
    for check in step.checks:
        out.print(_check(check), soft_wrap=True)


def _fact(fact: "Fact") -> Text:
    line = Text(f"{_INDENT}{fact.name:<{_NAME}}" if fact.name else _INDENT, style="dim").append(
        str(fact.value), "not dim"
    )
    mark = "" if fact.name else "# "  # without a name, it is a command
    return line.append(f"  {mark}{fact.how}", "dim") if fact.how else line


def _check(check: "Check") -> Text:
    mark, style = _CHECK_MARKS[check.holds]
    return Text(_INDENT).append(mark, style).append(f" {check.message}")


# `newslake history`: the captures of a page, and the changes between them.

_VISIT_COLUMNS = ("fetched_at", "capture", "http_status", "source", "revision or reason", "digest")
_CHANGE_MARKS = {"added": "[green]+", "removed": "[red]-"}


def history(
    page: Annotated[str, typer.Argument(metavar="URL|ARTICLE_ID", help="URL of a page, or id of an article.")],
    as_json: AsJson = False,
) -> None:
    """Show the captures of a page and the changes between revisions.

    Captures are in time order. Changes are sentences that were added or removed.
    """
    from newslake.pipeline.show.page_history import page_history

    found = page_history(workspace(is_reader=True), page)
    if as_json:
        print_json(asdict(found))
        return
    _print_visits(found)
    for revision in found.revisions:
        print_revision(revision)
    if found.is_gone:
        out.print("\n[red]the publisher withdrew the page (404 or 410); its captures are kept[/red]", highlight=False)


def _print_visits(found: "PageHistory") -> None:
    rows = [
        (
            f"{visit.at:%Y-%m-%d %H:%M:%S}",
            visit.what,
            visit.status,
            visit.source_key,
            visit.revision_id or visit.reason,
            (visit.digest or "").removeprefix("sha256:")[:12],
        )
        for visit in found.visits
    ]
    print_rows(_VISIT_COLUMNS, rows, as_json=False)


def print_revision(revision: "PageRevision") -> None:
    """Print one revision of a page and its changes."""
    title = escape(revision.title or "without a title")
    out.print(
        f"\n[bold]{revision.revision_id}[/bold] {revision.fetched_at:%Y-%m-%d %H:%M:%S}, {revision.word_count} words: "
        f"{title}",
        highlight=False,
    )
    for change in revision.changes:
        out.print(f"{_CHANGE_MARKS[change.kind]} {escape(change.sentence)}[/]", highlight=False, soft_wrap=True)
    for quote in revision.quotes_removed:
        out.print(f"[red]quote removed:[/red] {escape(quote)}", highlight=False, soft_wrap=True)
