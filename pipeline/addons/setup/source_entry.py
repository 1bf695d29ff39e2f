"""A new entry of ``sources.toml``: its key and location, its text, and how it is added to the file."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from newslake.pipeline.durability import sync_folder, write_file
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.model import Source, domain_of
from newslake.pipeline.model.source import is_bucket
from newslake.pipeline.settings import SourceList, load_sources

_KEY = re.compile(r"[a-z][a-z0-9_]{0,63}")
_KEY_CHARS = 50
NEW_FILE = "# The news sources. docs/operations.md describes all kinds and keys.\n"


def keys_of_url(url: str, kind: str) -> Iterator[str]:
    """Yield keys for an online source: the name of its site, then with its kind, then numbered."""
    name = (domain_of(url) or urlsplit(url).hostname or "site").split(".")[0]
    return _keys(name, f"{_key_of(name)[:40]}_{kind}")


def keys_of_path(path: Path) -> Iterator[str]:
    """Yield keys for a local source: the name of its folder or file, then numbered."""
    name = path.resolve().name
    stem = name if path.is_dir() else name.split(".")[0]
    return _keys(stem)


def _keys(name: str, *also: str) -> Iterator[str]:
    yield (key := _key_of(name)[:_KEY_CHARS])
    yield from also
    number = 2
    while True:
        yield f"{also[0] if also else key}_{number}"
        number += 1


def _key_of(name: str) -> str:
    key = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return key if key[:1].isalpha() else f"site_{key}".rstrip("_")


def existing_sources(file: Path) -> SourceList:
    """Return the sources of a file; none if the file is missing. Raises: ConfigError."""
    return load_sources(file) if file.exists() else SourceList(sources=(), private_hosts=frozenset())


def new_key(given: str | None, names: Iterator[str], sources: SourceList) -> str:
    """Return the given key, else the first free one of ``names``.

    Raises: ConfigError for a key that is wrong or taken.
    """
    taken = {source.key for source in sources.sources}
    if given is None:
        return next(name for name in names if name not in taken)
    if not _KEY.fullmatch(given):
        raise ConfigError(f"--key {given!r}: a key is a lower-case letter, then letters, digits and _", key="key")
    if given in taken:
        raise ConfigError(f"sources.toml has a source {given!r}; give another --key", key=given)
    return given


def location_in(file: Path, path: Path) -> str:
    """Return a path as an entry of ``file`` writes it: relative to the file's folder if it is inside, else absolute."""
    folder, target = file.parent.resolve(), path.resolve()
    return str(target.relative_to(folder)) if target.is_relative_to(folder) else str(target)


def entry_text(source: Source) -> str:
    """Return the table of a source. Its location is written as it is."""
    lines = {
        "kind": source.kind,
        ("url" if source.is_online or is_bucket(source.location) else "path"): source.location,
        **({"publisher": source.publisher} if source.publisher else {}),
        **({"language": source.language} if source.language else {}),
    }
    # A JSON string is a valid TOML string, except for the delete character.
    entries = (f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in lines.items())
    return "\n".join((f"[sources.{source.key}]", *entries)).replace("\x7f", "\\u007f")


def add_entry(file: Path, source: Source, *, is_dry: bool = False, new_file: str = NEW_FILE) -> None:
    """Add the entry of a source to the end of a file, which keeps its bytes; a missing one begins with ``new_file``.

    The result is read before it replaces the file; with ``is_dry``, it does not.
    Raises: ConfigError of ``check_location``, or if the file with the entry would be invalid.
    """
    check_location(file, source)
    target = file.resolve()
    before = target.read_bytes() if target.exists() else new_file.encode()
    gap = b"" if before.endswith(b"\n\n") or not before else b"\n" if before.endswith(b"\n") else b"\n\n"
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        write_file(draft, before + gap + entry_text(source).encode() + b"\n", durability="full")
        if target.exists():
            shutil.copymode(target, draft)
        _check(draft, named=file)
        if not is_dry:
            draft.replace(target)
            sync_folder(target.parent)
    finally:
        draft.unlink(missing_ok=True)


def _check(draft: Path, *, named: Path) -> None:
    try:
        load_sources(draft)
    except ConfigError as error:
        raise ConfigError(f"with this entry: {error}".replace(str(draft), str(named)), key=error.key) from error


def check_location(file: Path, source: Source) -> None:
    """Raise ConfigError for a location that a source of the file has, contains or is in. Paths start at the file."""
    for other in existing_sources(file).sources:
        if (overlap := _overlap(other, source, folder=file.parent)) is not None:
            raise ConfigError(f"source {other.key!r} of {file} {overlap}", key=other.key)


def _overlap(other: Source, source: Source, *, folder: Path) -> str | None:
    if other.location == source.location:
        return "has this location already"
    if source.is_online or other.is_online or is_bucket(source.location) != is_bucket(other.location):
        return None
    there, here = Path(other.location), Path(source.location)
    if not is_bucket(source.location):
        there, here = there.resolve(), (folder / here).resolve()
    if there == here:
        return "has this location already"
    if here.is_relative_to(there):
        return f"is the folder {other.location}, which contains {here}; its pages would be read twice"
    if there.is_relative_to(here):
        return f"is {other.location}, which is in {here}; its pages would be read twice"
    return None
