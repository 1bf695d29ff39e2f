"""`newslake`: the command line of the core; add-ons bring more commands.

Exit codes: 0 done or healthy, 1 a named problem, 2 an invalid call.
"""

import sys
from contextlib import suppress
from functools import lru_cache
from typing import Annotated

import typer

from newslake.pipeline import __version__
from newslake.pipeline.addon_registry import Addons, load_addons
from newslake.pipeline.cli.command_tree import CommandTree, Sections
from newslake.pipeline.cli.output import configure_logs, out, print_error
from newslake.pipeline.errors import ConfigError, NewsError
from newslake.pipeline.hooks import Command

_HERE = "newslake.pipeline.cli"
_OWN_OPTIONS = {"ignore_unknown_options": True}
CORE = (
    Command("run", f"{_HERE}.run:run", "Fetch, archive and process a day, or a range of days."),
    Command("push", f"{_HERE}.push:push", "Put URLs into an inbox for the next run to fetch."),
    Command("retry", f"{_HERE}.retry:retry", "Let the next run try quarantined pages again."),
    Command(
        "ask",
        f"{_HERE}.query:ask",
        "Answer a saved question, or list all questions.",
        context=_OWN_OPTIONS,
        parser=f"{_HERE}.query:ChartCommand",
    ),
    Command("sql", f"{_HERE}.query:sql", "Run one read-only SQL statement on the tables."),
    Command("show", f"{_HERE}.show:show", "Show one article with all its annotations."),
    Command("why", f"{_HERE}.show:why", "Trace a row to its origin, or show why a page has no row."),
    Command("history", f"{_HERE}.show:history", "Show the captures of a page and the changes between revisions."),
    Command("try", f"{_HERE}.try_page:try_page", "Annotate one page, and show the result; store nothing."),
    Command("forget", f"{_HERE}.takedown:forget", "Delete articles permanently, and block their pages."),
    Command("lake", f"{_HERE}.lake:lake_app", "Verify, repair, compact, clean up and snapshot the tables."),
    Command("archive", f"{_HERE}.archive:archive_app", "Verify the archive and rebuild its index."),
    Command("doctor", f"{_HERE}.doctor:doctor", "Check that everything a run needs is in place."),
)


@lru_cache(maxsize=8)
def sections_of(addons: Addons) -> Sections:
    """Return the commands by the title of their section, the core first.

    Of two commands with one name, that of the core or of the first add-on stays. `newslake doctor` names the other, and
    an add-on whose list of commands fails.
    """
    sections: dict[str, list[Command]] = {"Core": list(CORE)}
    names = {command.name for command in CORE}
    for info, commands in addons.collect("commands")[0]:
        for command in commands:
            if command.name not in names:
                names.add(command.name)
                sections.setdefault(info.title, []).append(command)
    return sections


def lost_commands(addons: Addons) -> list[str]:
    """Return sentences about commands of add-ons that another one has, and add-ons whose list of commands fails."""
    results, errors = addons.collect("commands")
    owners = dict.fromkeys((command.name for command in CORE), "the core")
    lines = list(map(str, errors))
    for info, commands in results:
        for command in commands:
            if (owner := owners.setdefault(command.name, f"add-on {info.name}")) != f"add-on {info.name}":
                lines.append(f"the command {command.name} of add-on {info.name} is that of {owner}")
    return lines


def _print_version(is_set: bool) -> None:
    if is_set:
        out.print(f"newslake {__version__}", highlight=False)
        raise typer.Exit


class _Newslake(CommandTree):
    """The commands of the core, and of the add-ons of this process."""

    def sections(self) -> Sections:
        """Return the commands of each section. Raises: ConfigError for a wrong NEWS_ADDONS."""
        return sections_of(load_addons())


app = typer.Typer(cls=_Newslake, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """News pages in; tables of articles, entities, quotes and events out."""


def main() -> None:
    """Run the command line. Only here do errors become a message and an exit code."""
    try:
        app(prog_name="newslake")
    except ConfigError as error:
        _print_failure(error)
        sys.exit(2)
    except (NewsError, OSError) as error:  # a full disk, a folder that cannot be written
        _print_failure(error)
        sys.exit(1)


def _print_failure(error: Exception) -> None:
    with suppress(ConfigError):  # of the format itself, which is the error
        configure_logs()
    print_error(str(error))
