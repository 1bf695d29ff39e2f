"""Push URLs: write them durably as one file of links into an inbox."""

import secrets
from collections.abc import Sequence
from pathlib import Path

from pipeline.archive import url_name
from pipeline.durability import make_folder, write_whole_file
from pipeline.errors import ConfigError
from pipeline.jobs.workspace import Workspace
from pipeline.model import Source
from pipeline.sources import absolute_url


def push_urls(workspace: Workspace, urls: Sequence[str], *, source_key: str | None = None) -> Path:
    """Write the URLs as one ``.urls`` file into an inbox: the named one, or the first of sources.toml.

    The file is complete and on disk when this returns. The run that claims it fetches each URL once.
    Raises: ConfigError without URLs, for an invalid or blocked URL, or for a source that is not an inbox.
    """
    wrong = [url for url in urls if absolute_url(url) is None]
    if wrong or not urls:
        problem = f"not an http(s) URL: {', '.join(repr(url) for url in wrong)}" if wrong else "no URL given"
        raise ConfigError(f"{problem}; nothing was pushed", key=wrong[0] if wrong else "")
    inbox = Path(_inbox(workspace, source_key).location)
    if blocked := [url for url in urls if workspace.takedowns.is_blocked(url_name(url))]:
        problem = f"taken down, see `newslake forget --list`: {', '.join(blocked)}; nothing was pushed"
        raise ConfigError(problem, key=blocked[0])
    name = f"push-{workspace.settings.now():%Y%m%dT%H%M%S}-{secrets.token_hex(4)}.urls"
    make_folder(inbox, durability="full")
    lines = "".join(f"{absolute_url(url)}\n" for url in urls)
    write_whole_file(inbox / name, lines.encode(), durability="full")
    return inbox / name


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
    raise ConfigError(f"{workspace.settings.sources_file} has no source of kind 'inbox'; add one", key="inbox")
