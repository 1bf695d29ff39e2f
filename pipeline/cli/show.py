"""`newslake show`: one article as people look at it, in the terminal or as one HTML file."""

import tempfile
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from pipeline.cli.annotate import PublishedAt, SourceRules
from pipeline.cli.destination import path_outside_lake
from pipeline.cli.history import print_revision
from pipeline.cli.output import out, print_error, print_note, workspace
from pipeline.cli.why import print_step
from pipeline.errors import ConfigError

if TYPE_CHECKING:
    from pipeline.jobs.workspace import Workspace
    from pipeline.reports.article_view import ArticleView
    from pipeline.web import ArticlePage


def show(
    what: Annotated[
        str,
        typer.Argument(metavar="ARTICLE|URL|FILE", help="An article_id or a URL of the lake, or a file (.html, .txt)."),
    ],
    html: Annotated[Path | None, typer.Option(help="Write a page that stands for itself to this file.")] = None,
    is_opened: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    published_at: PublishedAt = None,
    source: SourceRules = None,
) -> None:
    """Show one article with all that was found in it: quotations tied to speaker and cue, names, events, receipt,
    versions, rows.

    Exit 1 where the lake has no such article.
    """
    from pipeline.web import article_html, article_page

    space = workspace()
    found = _load_view(space, what, published_at=published_at, source=source)
    shown = article_page(found.rows, origin=found.origin, receipt=found.receipt, versions=found.versions)
    if html is None and not is_opened:
        _print(shown, found)
        return
    path = path_outside_lake(space.settings.lake_dir, str(html)) if html else _new_file()
    _write(path, article_html(shown))
    if is_opened and not webbrowser.open(path.resolve().as_uri()):
        print_error(f"no browser could be started; open {path} yourself")


def _load_view(space: "Workspace", what: str, *, published_at: str | None, source: str | None) -> "ArticleView":
    from pipeline.reports.article_view import view_article, view_preview
    from pipeline.reports.trial import preview

    if Path(what).is_file():
        return view_preview(space, what, preview(space, what, published_at=published_at, source_key=source))
    if published_at or source:
        raise ConfigError(f"--published-at and --source are for a file, and {what} is none", key=what)
    found = view_article(space, what)
    if found is None:
        print_error(f"the lake has no article {what}: `newslake why {what}` says what is known of it")
        raise typer.Exit(1)
    return found


def _print(page: "ArticlePage", found: "ArticleView") -> None:
    from pipeline.cli.drawing import draw_fields, draw_lists, draw_text
    from pipeline.web import make_visible

    out.print(Text(f"{make_visible(page.byline)}\n{page.origin}", style="dim"))
    draw_text(page)
    draw_lists(page)
    draw_fields(page)
    for step in found.receipt:
        print_step(step, is_first=False)
    for revision in found.versions:
        print_revision(revision)
    told = ", ".join(f"{each.count} of {each.table}" for each in page.rows)
    print_note(f"rows: {told}; --html shows them as JSON")


def _new_file() -> Path:
    with tempfile.NamedTemporaryFile(prefix="newslake-", suffix=".html", delete=False) as file:
        return Path(file.name)


def _write(path: Path, html: str) -> None:
    from pipeline.query.result_files import whole_file

    with whole_file(path) as file:
        file.write(html.encode())
    print_note(f"page written to {path}")
