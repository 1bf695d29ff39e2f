"""`newslake sources`: list and check sources, or check a site."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from newslake.pipeline.addons.setup.add_source import add_source, parse_place
from newslake.pipeline.cli import completion
from newslake.pipeline.cli.output import AsJson, out, print_error, print_json, print_rows, progress, workspace
from newslake.pipeline.model import pluralize

if TYPE_CHECKING:
    from newslake.pipeline.addons.setup.probes import Probe


sources_app = typer.Typer(invoke_without_command=True)
_COLUMNS = ("key", "kind", "location", "lists", "last_run_at", "outcomes")


@sources_app.callback()
def sources(context: typer.Context, as_json: AsJson = False) -> None:
    """List the sources of sources.toml, or check them.

    Prints the kind, the location and the days that each source can list; then its last run, and the latest outcomes of
    the pages of that run.
    """
    if context.invoked_subcommand is not None:
        return
    from newslake.pipeline.addons.setup.probes import source_states

    rows = [[getattr(each, name) for name in _COLUMNS] for each in source_states(workspace(is_reader=True))]
    print_rows(_COLUMNS, rows, as_json=as_json)


@sources_app.command("check")
def check_sources(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="KEY|URL",
            help="A source, or the URL of a site (default: all sources).",
            autocompletion=completion.sources,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Poll the sources, or find the feeds and sitemaps of a site.

    For a site, prints the entries to paste into sources.toml. Exit 1 if a source is broken or its listing is
    incomplete, or a site has no feed and no sitemap.
    """
    from newslake.pipeline.addons.setup.probes import find, probe

    space = workspace()
    what, is_site = parse_place(what) if what is not None else (None, False)
    with progress(quiet=as_json) as report_progress:
        if what is not None and is_site:
            report_progress(f"looking for feeds and sitemaps of {what}")
            found = list(find(space, what))
        else:
            found = []
            for source in [space.sources.named(what)] if what else space.sources.sources:
                report_progress(f"polling {source.key}")
                found.append(probe(space, source))
    if as_json:
        print_json([_as_dict(each) for each in found])
    else:
        _print_probes(found, is_site=is_site)
    if is_site and not found:
        print_error(f"{what}: no feed and no sitemap found; look for one in the site's pages and give its URL")
    if any(each.error or each.incomplete for each in found) or (is_site and not found):
        raise typer.Exit(1)


def _as_dict(each: "Probe") -> dict[str, object]:
    names = ("day", "entries", "newest", "problems", "incomplete", "page", "error")
    source = {"key": each.source.key, "kind": each.source.kind, "location": each.source.location}
    return {**source, **{name: getattr(each, name) for name in names}, "entry": _entry(each)}


def _entry(each: "Probe") -> str:
    """Return the sources.toml table for a listing that was found."""
    from newslake.pipeline.addons.setup.source_entry import entry_text

    return entry_text(replace(each.source, publisher=each.source.publisher or each.publisher))


def _print_probes(found: list["Probe"], *, is_site: bool) -> None:
    for each in found:
        mark = "FAIL" if each.error else "PART" if each.incomplete else "ok"
        newest = f", the newest of {each.newest:%Y-%m-%d %H:%M} UTC" if each.newest else ""
        result = each.error or f"{pluralize(each.entries, 'entry', 'entries')}{newest} (requested day: {each.day})"
        more = "".join(
            f"; {name}: {text}"
            for name, text in (
                ("incomplete", each.incomplete),
                ("first page", each.page),
                ("broken entries", each.problems),
            )
            if text
        )
        line = f"{mark:<4} {each.source.key} ({each.source.kind}) {each.source.location}: {result}{more}"
        out.print(line, highlight=False, markup=False, soft_wrap=True)
    for each in found if is_site else ():
        out.print(f"\n{_entry(each)}", highlight=False, markup=False, soft_wrap=True)


sources_app.command("add")(add_source)
