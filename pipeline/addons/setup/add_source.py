"""`newslake sources add`: write the entry of a folder, a file or a site into sources.toml."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from newslake.pipeline.cli.output import AsJson, Quiet, out, print_json, print_note, workspace
from newslake.pipeline.cli.progress import page_progress
from newslake.pipeline.durability import make_folder
from newslake.pipeline.errors import BrokenListingError, ConfigError
from newslake.pipeline.model import Source, pluralize
from newslake.pipeline.model.source import LOCAL_KINDS, is_bucket

if TYPE_CHECKING:
    from newslake.pipeline.addons.setup.probes import Probe
    from newslake.pipeline.jobs.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryOptions:
    """The options about the new source."""

    key: str | None = None
    publisher: str | None = None
    language: str | None = None
    kind: str = "folder"


@dataclass(frozen=True, slots=True)
class SourceDraft:
    """A source for the file, and what was found: as lines, and for JSON.

    ``entries`` is the number of entries in a listing, ``newest`` their latest date.
    """

    source: Source
    lines: tuple[str, ...]
    found: dict[str, object]
    entries: int = 0
    newest: datetime | None = None


def add_source(  # noqa: PLR0913, PLR0917 - the options of the command
    place: Annotated[
        str, typer.Argument(metavar="PATH|URL", help="A folder, a file of pages, or the URL of a site or listing.")
    ],
    key: Annotated[str | None, typer.Option(metavar="KEY", help="Key of the source (default: from its name).")] = None,
    publisher: Annotated[
        str | None, typer.Option(metavar="NAME", help="Publisher of all its pages (default: what each page says).")
    ] = None,
    language: Annotated[
        str | None, typer.Option(metavar="CODE", help="Language of all its pages, such as en (default: as found).")
    ] = None,
    kind: Annotated[
        str, typer.Option(metavar="KIND", help="For a folder: folder reads files in place, inbox moves them away.")
    ] = "folder",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the entry; write nothing.")] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Add a source to sources.toml: saved pages, WARC, JSON lines, CSV, or a site.

    Reads the pages of a path first, and says where their URLs and times come from; for a site, finds its feeds and
    sitemaps. The file keeps its comments and format; a missing one is created. Then call newslake run.
    """
    from newslake.pipeline.addons.setup.source_entry import NEW_FILE, add_entry, entry_text

    space = workspace()
    given = EntryOptions(key=key, publisher=publisher, language=language, kind=kind)
    draft = draft_source(space, place, given, quiet=quiet or as_json, new_file=NEW_FILE)
    file = space.settings.sources_file
    add_entry(file, draft.source, is_dry=dry_run)
    if draft.source.kind == "inbox" and not is_bucket(place) and not dry_run:
        make_folder(Path(place), durability="full")
    entry = entry_text(draft.source)
    if as_json:
        print_json({"key": draft.source.key, "entry": entry, "file": str(file), "is_added": not dry_run, **draft.found})
        return
    for line in (*draft.lines, "", entry, ""):
        out.print(line, highlight=False, markup=False, soft_wrap=True)
    if dry_run:
        print_note(f"not added to {file}, because of --dry-run")
    else:
        print_note(f"added to {file}; next: newslake run --source {draft.source.key}")


def parse_place(place: str) -> tuple[str, bool]:
    """Return a path as it is, and a URL with its scheme in lower case; and whether it is a URL."""
    scheme, mark, rest = place.partition("://")
    is_url = bool(mark) and scheme.lower() in ("http", "https")
    return (f"{scheme.lower()}{mark}{rest}" if is_url else place), is_url


def draft_source(space: "Workspace", place: str, given: EntryOptions, *, quiet: bool, new_file: str) -> SourceDraft:
    """Return the source of a site or a path, and what was found there; write nothing.

    ``new_file`` is what a missing sources.toml would begin with, such as its private hosts. Raises: NewsError.
    """
    place, is_site = parse_place(place)
    if is_bucket(place):
        return _draft_bucket(space, place, given)
    if not is_site:
        return _draft_local(space, place, given, quiet=quiet)
    with _with_sources_file(space, new_file) as complete:
        return _draft_site(complete, place, given, quiet=quiet)


def _draft_local(space: "Workspace", place: str, given: EntryOptions, *, quiet: bool) -> SourceDraft:
    """Return the source of a path, and the survey of its pages; an inbox may be empty or new.

    Raises: ConfigError, BrokenListingError.
    """
    from newslake.pipeline.addons.setup.source_entry import (
        check_location,
        existing_sources,
        keys_of_path,
        location_in,
        new_key,
    )

    path, file = Path(place), space.settings.sources_file
    kind = next((each for each in LOCAL_KINDS if each == given.kind), None)
    if kind is None:
        raise ConfigError(f"--kind {given.kind!r}: a path is a folder or an inbox", key="kind")
    if path.is_file() if kind == "inbox" else not path.exists():
        what = "folder" if kind == "inbox" else "folder or file; the address of a site begins with https:// or http://"
        raise ConfigError(f"{place}: no such {what}", key=place)
    key = new_key(given.key, keys_of_path(path), existing_sources(file))
    source = Source(
        key=key, kind=kind, location=location_in(file, path), publisher=given.publisher, language=given.language
    )
    check_location(file, source)
    if not path.exists():
        return SourceDraft(source, ("0 pages; the folder is new",), {"pages": 0, "links": 0})
    return _survey_local(space, place, source, quiet=quiet)


def _draft_bucket(space: "Workspace", place: str, given: EntryOptions) -> SourceDraft:
    """Return the source of an inbox in a bucket, which is opened, and how many files wait there.

    Raises: ConfigError, StoreError.
    """
    from newslake.pipeline.addons.setup.source_entry import check_location, existing_sources, keys_of_path, new_key

    file, where = space.settings.sources_file, place.rstrip("/")
    key = new_key(given.key, keys_of_path(Path(where)), existing_sources(file))
    source = Source(key=key, kind="inbox", location=where, publisher=given.publisher, language=given.language)
    check_location(file, source)
    files = len(space.store.inbox(where).waiting())
    return SourceDraft(source, (f"an inbox in a bucket; {pluralize(files, 'file')} waiting",), {"files": files})


def _survey_local(space: "Workspace", place: str, source: Source, *, quiet: bool) -> SourceDraft:
    """Return the source with the survey of its pages. Raises: BrokenListingError if a folder has none."""
    from newslake.pipeline.addons.setup.page_survey import survey, survey_lines, survey_object

    with page_progress(quiet=quiet) as progress:
        progress(f"reading {place}")
        numbers = count(1)
        resolved = replace(source, location=str(Path(place).resolve()))
        found = survey(space, resolved, count_page=lambda: progress.count(next(numbers), None))
    if source.kind != "inbox" and not found.pages and not found.links:
        problems = "; ".join(found.examples.values()) or "it is empty"
        raise BrokenListingError(f"{place}: no page and no link found ({problems})", key=place, reason="empty_file")
    return SourceDraft(source, tuple(survey_lines(found)), survey_object(found))


def _draft_site(space: "Workspace", url: str, given: EntryOptions, *, quiet: bool) -> SourceDraft:
    """Return the source of a site: its best listing, and what was found. Raises: NewsError."""
    from newslake.pipeline.addons.setup.probes import find
    from newslake.pipeline.addons.setup.source_entry import new_key

    with page_progress(quiet=quiet) as progress:
        progress(f"looking for feeds and sitemaps of {url}")
        found = sorted(find(space, url), key=_rank)
    if not found or found[0].error is not None:
        why = f": {found[0].error}" if found else f"; {_other_place(url)}"
        raise BrokenListingError(f"{url}: no feed and no sitemap that can be read{why}", key=url, reason="not_a_feed")
    best, others = found[0], found[1:]
    source = replace(
        best.source,
        key=new_key(given.key, iter([best.source.key]), space.sources),
        publisher=given.publisher or best.publisher,
        language=given.language,
    )
    newest = f", the newest of {best.newest:%Y-%m-%d %H:%M} UTC" if best.newest else ""
    lines = [f"{pluralize(best.entries, 'entry', 'entries')} in this {best.source.kind}{newest}"]
    lines += [f"  first page: {best.page}"] if best.page else []
    lines += [f"  also found: {each.source.kind} {each.source.location}" for each in others]
    also = [{"kind": each.source.kind, "url": each.source.location} for each in others]
    as_json: dict[str, object] = {"entries": best.entries, "newest": best.newest, "also_found": also}
    return SourceDraft(source, tuple(lines), as_json, best.entries, best.newest)


def _other_place(url: str) -> str:
    """Return what to give instead of a URL without a listing: of an article, the front page of its site."""
    parts = urlsplit(url)
    if parts.path.strip("/"):
        return f"give the front page, {parts.scheme}://{parts.netloc}/, or the URL of a feed"
    return "look for one in the site's pages and give its URL"


def _rank(probe: "Probe") -> tuple[bool, bool, int]:
    """Return the order of listings: those that can be read, those with the newest pages, the longest first."""
    return probe.error is not None, probe.source.kind == "sitemap_archive", -probe.entries


@contextmanager
def _with_sources_file(space: "Workspace", new_file: str) -> Iterator["Workspace"]:
    """Yield a workspace that has a sources file: a temporary one, ``new_file``, where the user has none yet."""
    from newslake.pipeline.jobs.workspace import Workspace

    if space.settings.sources_file.exists():
        yield space
        return
    with TemporaryDirectory() as folder:
        (file := Path(folder, "sources.toml")).write_text(new_file, "utf-8")
        yield Workspace(space.settings.model_copy(update={"sources_file": file}))
