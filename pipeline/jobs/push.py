"""Push URLs: write them durably as one file of links into an inbox."""

import json
import secrets
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from newslake.pipeline.archive import url_name
from newslake.pipeline.errors import ConfigError, NewsError
from newslake.pipeline.jobs.retries import clear_quarantine
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import Source, canonical_url
from newslake.pipeline.sources import absolute_url


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """Where the pushed URLs are.

    ``file`` is the place of their file, ``archived`` those whose pages are in the archive, as they were given.
    """

    file: str
    archived: tuple[str, ...]


def push_urls(
    workspace: Workspace, urls: Sequence[str], *, source_key: str | None = None, is_refetch: bool = False
) -> Push:
    """Write the URLs as one file into an inbox: the named one, or the first of sources.toml.

    The file is complete and durable when this returns. The run that claims it fetches each new URL once. It requests
    pages of the archive only with ``is_refetch``: the file is then ``.jsonl`` with the time of the push, so that a
    second reading requests nothing again; else it is ``.urls``. Such pages are quarantined no longer.
    Raises: ConfigError without URLs, for an invalid or blocked URL, or for a source that is not an inbox; StoreError.
    """
    wrong = [url for url in urls if absolute_url(url) is None]
    if wrong or not urls:
        problem = f"not an http(s) URL: {', '.join(repr(url) for url in wrong)}" if wrong else "no URL given"
        raise ConfigError(f"{problem}; nothing was pushed", key=wrong[0] if wrong else "")
    inbox = workspace.inbox(_inbox(workspace, source_key))
    if blocked := [url for url in urls if workspace.takedowns.is_blocked(url_name(url))]:
        problem = f"taken down, see `newslake forget --list`: {', '.join(blocked)}; nothing was pushed"
        raise ConfigError(problem, key=blocked[0])
    now, suffix = workspace.settings.now(), ".jsonl" if is_refetch else ".urls"
    name = f"push-{now:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}{suffix}"
    links = [absolute_url(url) or "" for url in urls]
    lines = [json.dumps({"url": link, "refetch_after": now.isoformat()}) for link in links] if is_refetch else links
    if is_refetch:
        clear_quarantine(workspace, links)
    file = inbox.put(name, "".join(f"{line}\n" for line in lines).encode())
    return Push(file=file, archived=_archived(workspace, dict(zip(urls, map(canonical_url, links), strict=True))))


def _archived(workspace: Workspace, keys: Mapping[str, str]) -> tuple[str, ...]:
    """Return the URLs whose pages are archived; none if the archive cannot be read, because the push is done."""
    try:
        known = workspace.archive.latest(keys.values())
    except NewsError:
        return ()
    return tuple(url for url, key in keys.items() if key in known)


def _inbox(workspace: Workspace, source_key: str | None) -> Source:
    if source_key is not None:
        source = workspace.sources.named(source_key)
        if source.kind != "inbox":
            raise ConfigError(
                f"source {source_key!r} is of kind {source.kind!r}; name one of kind 'inbox'", key=source_key
            )
        return source
    for source in workspace.sources.sources:
        if source.kind == "inbox":
            return source
    settings = workspace.settings
    add = f"newslake sources add {shlex.quote(str(settings.inbox_dir))} --kind inbox"
    raise ConfigError(f"{settings.sources_file} has no source of kind 'inbox'; add one: {add}", key="inbox")
