"""`newslake try`: annotate one page, and show the result."""

from typing import Annotated

import typer
from rich.markup import escape

from newslake.pipeline.cli.completion import sources
from newslake.pipeline.cli.output import AsJson, out, print_error, print_json, workspace
from newslake.pipeline.model import Annotation

PublishedAt = Annotated[
    str | None,
    typer.Option(metavar="DATE", help='Publication date, to resolve dates such as "on Monday"; e.g. 2017-06-13.'),
]
SourceRules = Annotated[
    str | None,
    typer.Option(metavar="KEY", help="Apply the layout rules of this source.", autocompletion=sources),
]


def try_page(
    page: Annotated[str, typer.Argument(metavar="FILE|URL", help="A file (.html, .txt) or a URL.")],
    published_at: PublishedAt = None,
    source: SourceRules = None,
    as_json: AsJson = False,
) -> None:
    """Annotate one page, and show the result; store nothing.

    Prints its text with quotes and speakers, how each field was found, and one line per entity, quote and event.
    """
    from newslake.pipeline.cli.article_text import draw_fields, draw_lists, draw_text
    from newslake.pipeline.show.article import article_page
    from newslake.pipeline.show.article_view import preview, view_preview
    from newslake.pipeline.show.json_objects import annotation_object, extraction_object

    space = workspace()
    tried = preview(space, page, published_at=published_at, source_key=source)
    if isinstance(tried.read, str):
        print_error(tried.read)
        raise typer.Exit(1)
    if as_json:
        cleaned = extraction_object(page, tried.article) | {"rules_fired": dict(tried.fired)}
        print_json(cleaned | annotation_object(page, tried.article, tried.read or Annotation()))
        return
    shown = article_page(view_preview(space, page, tried).rows, origin="")
    draw_text(shown)
    draw_fields(shown)
    rules = ", ".join(f"{rule} {count}" for rule, count in tried.fired.items()) or "none"
    out.print(f"  rules fired: {rules}", highlight=False, markup=False)
    if tried.rejected is not None:
        out.print(
            f"\n[red]a run would reject this page[/red]: {tried.rejected.reason}: {escape(tried.rejected.detail)}"
        )
    if tried.read is None:
        out.print(f"\nnot annotated: {tried.why_not_annotated}", highlight=False, markup=False)
    draw_lists(shown)
