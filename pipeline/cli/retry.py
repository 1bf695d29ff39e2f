"""`newslake retry`: quarantined pages for the next run to try again."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from newslake.pipeline.cli.output import AsJson, out, print_error, print_json, workspace
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.model import pluralize

if TYPE_CHECKING:
    from newslake.pipeline.jobs.retries import RetryResult

_STEPS = {
    "derive": "the next run processes it",
    "fetch": "the next run requests it",
    "file": "put its file into the inbox again; a listing or a folder is read again by the next version",
}


def retry(
    pages: Annotated[
        list[str] | None,
        typer.Argument(metavar="[URL|ARTICLE_ID|FILE]...", help="Pages, as `newslake why` takes them."),
    ] = None,
    quarantined: Annotated[bool, typer.Option("--quarantined", help="All pages that are quarantined now.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let the next run try quarantined pages again.

    A page is quarantined if newslake failed on it, or processes ended while they worked on it alone. Without this
    command, the next version tries it again. It changes no row: start `newslake run`, or leave it to Airflow, which
    processes archived pages in its nightly maintenance. Exit 1 if a page is not quarantined or not known.
    """
    from newslake.pipeline.jobs.retries import retry_pages, retry_quarantined

    if bool(pages) == quarantined:
        raise ConfigError("give pages, or --quarantined for all of them", key="retry")
    done = retry_quarantined(workspace()) if quarantined else retry_pages(workspace(), pages or [])
    if as_json:
        print_json(asdict(done))
    else:
        _print_result(done)
    if done.not_quarantined or done.unknown:
        raise typer.Exit(1)


def _print_result(done: "RetryResult") -> None:
    for each in done.retries:
        out.print(f"{each.url} ({each.reason}): {_STEPS[each.step]}", highlight=False, soft_wrap=True, markup=False)
    cleared = sum(each.step != "file" for each in done.retries)
    for name in done.not_quarantined:
        print_error(f"{name}: not quarantined; `newslake why` says what became of it")
    for name in done.unknown:
        print_error(f"{name}: newslake does not know it; `newslake push URL` lets the next run fetch it")
    out.print(f"{pluralize(cleared, 'page')} cleared", highlight=False)
