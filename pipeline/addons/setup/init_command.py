"""`newslake init`: a folder with sources.toml and newslake.env, with a first site that was tried."""

import re
import shlex
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from newslake.pipeline.addons.setup.add_source import EntryOptions, SourceDraft, draft_source
from newslake.pipeline.cli.output import Quiet, err, out, print_note
from newslake.pipeline.cli.progress import duration
from newslake.pipeline.errors import ConfigError, RefusedFetchError, TransientFetchError

if TYPE_CHECKING:
    from newslake.pipeline.addons.setup.new_project import Project

_SITE_NAME = re.compile(r"[\w-]+(\.[\w-]+)+(:\d+)?(/.*)?")
_FILE_ENDINGS = (".html", ".txt", ".jsonl", ".csv", ".warc", ".gz", ".urls")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_CATALOG_KINDS = ("sitemap_archive", "cdx", "cc_news")  # they list past days, not today

_LONG_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class _Asker:
    """Asks for what no option gives, if a person is at the terminal."""

    is_on: bool

    def ask(self, question: str, given: str | None, *, default: str = "") -> str | None:
        """Return what is given, else the answer; None without an answer or with the default."""
        if given is not None or not self.is_on:
            return given
        answer = typer.prompt(question, default=default, show_default=bool(default), err=True).strip()
        return None if answer in ("", default) else answer

    def confirm(self, question: str) -> bool:
        return self.is_on and typer.confirm(question, err=True)


def init(  # noqa: PLR0913, PLR0917 - the options of the command
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder, or one of yours.")] = Path(),
    site: Annotated[
        str | None, typer.Option(metavar="URL|PATH", help="The first source: a site, a feed, or a folder of pages.")
    ] = None,
    key: Annotated[str | None, typer.Option(metavar="KEY", help="Key of the source (default: from its name).")] = None,
    publisher: Annotated[
        str | None, typer.Option(metavar="NAME", help="Publisher of all its pages (default: what each page says).")
    ] = None,
    language: Annotated[
        str | None, typer.Option(metavar="CODE", help="Language of all its pages, such as en (default: as found).")
    ] = None,
    contact: Annotated[
        str | None, typer.Option(metavar="MAIL|URL", help="Your mail address or web page, for the user agent.")
    ] = None,
    data_dir: Annotated[
        str | None, typer.Option(metavar="PATH", help="Data folder, from FOLDER (default: data).")
    ] = None,
    private_host: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST:PORT", help="A host of your own network that may be fetched from; repeatable."),
    ] = None,
    is_silent: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing; use the defaults.")] = False,
    quiet: Quiet = False,
) -> None:
    """Create a folder with your sources and settings, and try the first site.

    Asks in a terminal for what no option gives. Finds the feeds and sitemaps of the site. Overwrites no file: in a
    folder with a sources.toml, the site is added to it. If anything is wrong, nothing is written.
    """
    from newslake.pipeline.addons.setup.new_project import Project, check_project, write_project

    asker = _Asker(not is_silent and sys.stdin.isatty() and err.is_terminal)
    hosts = tuple(host.lower() for host in private_host or ())
    project = Project(folder=folder.expanduser(), contact=contact, data_dir=data_dir, private_hosts=hosts)
    check_project(project)
    project = _ask_settings(project, asker)
    site = asker.ask("First site: a URL, or a folder of saved pages (empty: add one later)", site)
    given = EntryOptions(key=key, publisher=publisher, language=language)
    if site is None:
        _check_without_site(project, given)
        draft = None
    else:
        project, draft = _try_site(project, _place(site), given, asker=asker, quiet=quiet)
    changed = write_project(project, None if draft is None else draft.source)
    _print_draft(draft)
    _print_files(project, changed)
    _print_duration(draft)
    _print_next(project, draft)


def _ask_settings(project: "Project", asker: _Asker) -> "Project":
    """Return the project with the answers about its settings, unless it has a file of them. Raises: ConfigError."""
    from newslake.pipeline.addons.setup.new_project import DATA_FOLDER, check_project

    if project.env_file.exists():
        return project
    project = replace(
        project,
        data_dir=asker.ask("Data folder", project.data_dir, default=DATA_FOLDER),
        contact=asker.ask("Your mail address or web page, which hosts see with each request", project.contact),
    )
    check_project(project)
    return project


def _place(site: str) -> str:
    """Return a site as a URL, also if it has no scheme; a path as it is."""
    if "://" in site or Path(site).exists():
        return site
    if _SITE_NAME.fullmatch(site) and not site.lower().endswith(_FILE_ENDINGS):
        return f"https://{site}"
    return str(Path(site).expanduser())


def _check_without_site(project: "Project", given: EntryOptions) -> None:
    """Raise ConfigError if there is nothing to do without a site."""
    from newslake.pipeline.addons.setup.source_entry import existing_sources
    from newslake.pipeline.model import pluralize

    if given != EntryOptions():
        raise ConfigError("--key, --publisher and --language are of a site; give --site", key="site")
    if project.sources_file.exists() and project.env_file.exists():
        count = pluralize(len(existing_sources(project.sources_file).sources), "source")
        message = f"{project.sources_file} exists, with {count}"
        raise ConfigError(f"{message}; add one with --site, or start with `newslake run`", key="site")


def _try_site(
    project: "Project", place: str, given: EntryOptions, *, asker: _Asker, quiet: bool
) -> tuple["Project", SourceDraft]:
    """Return the source of a place, and the project with the private host that a person allowed for it."""
    host = _host_of(place)
    try:
        return project, _draft(project, place, given, quiet=quiet)
    except RefusedFetchError as error:
        if error.reason != "private_address" or host in project.private_hosts:
            raise
        if project.sources_file.exists():
            message = (
                f'{place}: {host} is not a public address; if it is in your own network, add "{host}" to the line '
            )
            raise ConfigError(f"{message}private_hosts of {project.sources_file}", key="private_hosts") from error
        if not asker.confirm(f"{host} is not on the public web, but in your own network. Fetch from it?"):
            message = (
                f"{place}: {host} is not a public address; if it is in your own network, add --private-host {host}"
            )
            raise ConfigError(message, key="private_host") from error
    except TransientFetchError as error:
        why = str(error).removeprefix(f"{place}: ").partition("; ")[0]
        message = f"{place}: no answer ({why}); check the address and your connection, then call init again"
        raise TransientFetchError(message, key=place, reason=error.reason) from error
    project = replace(project, private_hosts=(*project.private_hosts, host))
    return project, _draft(project, place, given, quiet=quiet)


def _host_of(place: str) -> str:
    """Return "host:port" of a URL; empty for a path."""
    parts = urlsplit(place)
    if not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{host}:{parts.port or _DEFAULT_PORTS.get(parts.scheme.lower(), 443)}"


def _draft(project: "Project", place: str, given: EntryOptions, *, quiet: bool) -> SourceDraft:
    """Try a place with a temporary data folder, so that nothing of it stays if it fails."""
    from newslake.pipeline.jobs.workspace import Workspace
    from newslake.pipeline.settings import Settings

    agent = {} if project.user_agent is None else {"user_agent": project.user_agent}
    with TemporaryDirectory() as data:
        settings = Settings.load(data_dir=Path(data), sources_file=project.sources_file, **agent)
        return draft_source(Workspace(settings), place, given, quiet=quiet, new_file=project.sources_text)


def _print_draft(draft: SourceDraft | None) -> None:
    from newslake.pipeline.addons.setup.source_entry import entry_text

    for line in () if draft is None else (*draft.lines, "", entry_text(draft.source), ""):
        out.print(line, highlight=False, markup=False, soft_wrap=True)


def _print_files(project: "Project", changed: Sequence[Path]) -> None:
    print_note(f"written in {project.folder.resolve()}: {', '.join(path.name for path in changed)}")
    if project.env_file in changed and project.contact is None:
        print_note(f"no contact given: set NEWS_USER_AGENT in {project.env_file.name}, so that hosts can reach you")


def _print_duration(draft: SourceDraft | None) -> None:
    """Say how long the first run waits, if that is long: requests to one host have an interval."""
    from newslake.pipeline.settings import Settings

    interval = Settings.load().host_interval_seconds
    if draft is not None and draft.source.is_online and draft.entries * interval > _LONG_SECONDS:
        wait = duration(draft.entries * interval)
        print_note(f"the first run takes about {wait} for {draft.entries} pages: one request every {interval:g} s")


def _print_next(project: "Project", draft: SourceDraft | None) -> None:
    """Print the commands that come next, as they can be typed here."""
    name = _command_name()
    run = "run"
    if draft is not None and draft.source.kind in _CATALOG_KINDS and draft.newest is not None:
        run = f"run --day {draft.newest:%Y-%m-%d}"
    lines = {
        **({} if draft else {f"{name} sources add URL": "add a site, or a folder of saved pages"}),
        f"{name} {run}": "fetch new pages, archive them, make rows of them",
        f"{name} show": "the newest article, with its people, quotes and events",
        f"{name} ask who-said-what": "answer a saved question; without a name, list all of them",
        f"{name} doctor": "check everything that a run needs",
    }
    folder = project.folder.resolve()
    out.print("next:", highlight=False)
    if folder != Path.cwd():
        out.print(f"  cd {shlex.quote(str(folder))}", highlight=False, markup=False, soft_wrap=True)
    width = max(map(len, lines))
    for command, use in lines.items():
        out.print(f"  {command:<{width}}  # {use}", highlight=False, markup=False, soft_wrap=True)


def _command_name() -> str:
    """Return how this command line can be called from another folder."""
    if shutil.which("newslake"):
        return "newslake"
    called = Path(sys.argv[0]).resolve()
    return shlex.quote(str(called)) if called.name == "newslake" else f"{shlex.quote(sys.executable)} -m newslake"
