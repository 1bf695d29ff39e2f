"""A new project: a folder with sources.toml and newslake.env, written whole or not at all; no file is overwritten."""

import os
import re
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import newslake.pipeline
from newslake.pipeline.addons.setup.source_entry import add_entry, existing_sources
from newslake.pipeline.durability import make_folder, write_whole_file
from newslake.pipeline.environment import ENV_FILE
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.model import Source
from newslake.pipeline.settings import Settings, has_contact

SOURCES_FILE, DATA_FOLDER = "sources.toml", "data"
_PRIVATE_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}")
_UNSAFE = re.compile(r"['\"\\$\x00-\x1f\x7f]")  # a shell and newslake would read them in different ways

_SOURCES_TEXT = """\
# The news sources. `newslake sources add URL|FOLDER` adds one; `newslake sources check` reads the listing of each.
# An entry is a table [sources.KEY] with a kind, and a url or a path:
#   feed, news_sitemap             the newest pages of a site
#   sitemap_archive, cdx, cc_news  any past day
#   folder, inbox                  files on this machine
# Optional for each: publisher = "The Post", language = "en", interval_seconds = 10 (between two requests to its host),
# include = ["/news/"] and exclude = ["/live/"] (in the URL), max_pages_per_day = 200. All kinds and keys are under
# "Sources" in docs/operations.md of newslake.

# Hosts in your own network that may be fetched from, as "host:port". Not needed for the public web.
private_hosts = [{hosts}]
"""
_ENV_TEXT = """\
# The settings of newslake, for commands that you run in this folder. An environment variable of the same name has
# precedence. docs/reference.md of newslake has all of them. For other programs, read this file with
#   set -a; . ./newslake.env; set +a

# Who you are: hosts see it with each request. Name a mail address or a web page, so that they can reach you.
{user_agent}

# The folder of the archive and the tables.
{data_dir}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The folder of a project, and what its new files say.

    ``contact`` is a mail address or web page. ``data_dir`` is relative to the folder, or absolute. None: not given.
    """

    folder: Path
    contact: str | None = None
    data_dir: str | None = None
    private_hosts: tuple[str, ...] = ()

    @property
    def sources_file(self) -> Path:
        return self.folder / SOURCES_FILE

    @property
    def env_file(self) -> Path:
        return self.folder / ENV_FILE

    @property
    def user_agent(self) -> str | None:
        return None if self.contact is None else f"newslake/{newslake.pipeline.__version__} ({self.contact})"

    @property
    def sources_text(self) -> str:
        """What a new sources.toml begins with."""
        return _SOURCES_TEXT.format(hosts=", ".join(f'"{host}"' for host in self.private_hosts))

    @property
    def env_text(self) -> str:
        """A new newslake.env. What is not given is a comment with an example."""
        example = f"newslake/{newslake.pipeline.__version__} (you@post.example)"
        given = {"NEWS_USER_AGENT": (self.user_agent, example), "NEWS_DATA_DIR": (self.data_dir, DATA_FOLDER)}
        lines = [f"{name}='{value}'" if value else f"# {name}='{other}'" for name, (value, other) in given.items()]
        return _ENV_TEXT.format(user_agent=lines[0], data_dir=lines[1])


def check_project(project: Project) -> None:
    """Check what can be checked before a site is requested; write nothing.

    Raises: ConfigError for a folder that cannot have the files, a wrong value, or a value for a file that exists.
    """
    _check_folder(project.folder)
    _check_files(project)
    _check_values(project)
    wanted = {"NEWS_USER_AGENT": project.user_agent, "NEWS_DATA_DIR": project.data_dir}
    _refuse_existing(project, {name: value for name, value in wanted.items() if value is not None})
    in_use = Settings.load().sources_file
    if in_use != Path(SOURCES_FILE) and in_use.resolve() != project.sources_file.resolve():
        message = f"NEWS_SOURCES_FILE is {in_use}, so {project.sources_file} would not be read"
        raise ConfigError(f"{message}; unset NEWS_SOURCES_FILE first", key="NEWS_SOURCES_FILE")
    if not project.env_file.exists():
        data = project.folder / (project.data_dir or DATA_FOLDER)
        _check_link(data)
        _check_writable(data)
    if project.data_dir is not None:
        Settings.load(data_dir=project.folder / project.data_dir)  # raises for data of another schema


def _check_folder(folder: Path) -> None:
    if folder.resolve() == Path(newslake.pipeline.__file__).parents[2]:
        message = f"{folder.resolve()} has newslake itself, and the sources of its demo"
        raise ConfigError(f"{message}; name a folder of your own, such as `newslake init ~/news`", key=str(folder))
    _check_link(folder)
    _check_writable(folder)


def _check_files(project: Project) -> None:
    """Raise ConfigError for a folder where a file should be, or a link that leads nowhere: it would be replaced."""
    for path in (project.sources_file, project.env_file):
        _check_link(path)
        if path.exists() and not path.is_file():
            raise ConfigError(f"{path} is not a file; move it away, or name another folder", key=str(path))


def _check_link(path: Path) -> None:
    if path.is_symlink() and not path.exists():
        message = f"{path} is a link to something that does not exist; correct or remove it"
        raise ConfigError(message, key=str(path))


def _check_writable(folder: Path) -> None:
    there = next(each for each in (folder.resolve(), *folder.resolve().parents) if each.exists())
    if not there.is_dir():
        raise ConfigError(f"{there} is a file, not a folder; name another folder", key=str(folder))
    if not os.access(there, os.W_OK | os.X_OK):
        raise ConfigError(f"{there} is not writable; name another folder, or change its owner", key=str(folder))


def _check_values(project: Project) -> None:
    for host in project.private_hosts:
        if not _PRIVATE_HOST.fullmatch(host):
            raise ConfigError(f"--private-host {host!r}: write HOST:PORT, such as 127.0.0.1:8000", key="private_host")
    if project.contact is not None and (not has_contact(project.contact) or not project.contact.isascii()):
        message = f"--contact {project.contact!r}: give a mail address or a web page, such as desk@post.example"
        raise ConfigError(message, key="contact")
    for option, value in (("contact", project.contact), ("data-dir", project.data_dir)):
        if value is not None and (found := _UNSAFE.search(value)):
            raise ConfigError(f"--{option} {value!r}: it may not have {found[0]!r}; choose another", key=option)


def _refuse_existing(project: Project, wanted: Mapping[str, str]) -> None:
    """Raise ConfigError for a value whose file exists: it may have lines of the user."""
    if wanted and project.env_file.exists():
        lines = " and ".join(f"{name}='{value}'" for name, value in wanted.items())
        raise ConfigError(f"{project.env_file} exists and is not changed; write {lines} into it", key=ENV_FILE)
    if project.sources_file.exists():
        allowed = existing_sources(project.sources_file).private_hosts
        if missing := [host for host in project.private_hosts if host not in allowed]:
            message = f"{project.sources_file} exists, and init only adds sources to it"
            raise ConfigError(f'{message}; add "{missing[0]}" to its private_hosts', key="private_hosts")


def write_project(project: Project, source: Source | None) -> tuple[Path, ...]:
    """Write the files that are missing, and add the source to sources.toml; return the files that changed.

    If one cannot be written, none stays. Raises: ConfigError, OSError.
    """
    with ExitStack() as undo:
        changed = []
        if not project.folder.exists():
            make_folder(project.folder, durability="full")
            undo.callback(_remove_folder, project.folder)
        if not project.env_file.exists():
            undo.callback(project.env_file.unlink, missing_ok=True)
            write_whole_file(project.env_file, project.env_text.encode(), durability="full")
            changed.append(project.env_file)
        if source is not None:
            add_entry(project.sources_file, source, new_file=project.sources_text)
            changed.insert(0, project.sources_file)
        elif not project.sources_file.exists():
            write_whole_file(project.sources_file, project.sources_text.encode(), durability="full")
            changed.insert(0, project.sources_file)
        undo.pop_all()
    return tuple(changed)


def _remove_folder(folder: Path) -> None:
    with suppress(OSError):  # another program wrote into it
        folder.rmdir()
