"""Credentials in files, read again once a file is another one: a process may live longer than a session token."""

import configparser
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from newslake.pipeline.errors import ConfigError


@dataclass(frozen=True, slots=True)
class BucketKey:
    """A key of an object store. ``token`` belongs to the keys of a session."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


def read_key_file(path: Path) -> BucketKey:
    """Return the key in a credentials file of AWS: its section ``default``, else its only one. Raises: ConfigError."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(path.read_text("utf-8"))
        names = parser.sections()
        section = parser["default" if "default" in names or len(names) != 1 else names[0]]
        pair = section["aws_access_key_id"], section["aws_secret_access_key"]
        return BucketKey(*pair, token=section.get("aws_session_token"))
    except FileNotFoundError:
        message = f"NEWS_OBJECTS_KEY_FILE names {path.absolute()}, which does not exist"
        raise ConfigError(message, key=str(path), reason="key_file") from None
    except (OSError, UnicodeDecodeError, configparser.Error, KeyError) as error:
        # The text of the error may have a line of the file, and so the secret.
        message = f"{path} is not a credentials file with aws_access_key_id and aws_secret_access_key; correct it"
        raise ConfigError(f"{message} ({type(error).__name__})", key=str(path), reason="key_file") from None


class WatchedFile[T]:
    """What a file says now. It is read when it is opened, and again after it was changed or replaced.

    One that cannot be read says what it said before: somebody may be writing it. Any number of threads may use it.
    Raises: ConfigError of ``read`` if it cannot be read at first.
    """

    def __init__(self, path: Path, read: Callable[[Path], T]) -> None:
        self._path = path
        self._read = read
        self._known = (_version_of(path), read(path))

    def content(self) -> T:
        """Return what the file says; one request for its time, size and number if it is as before."""
        version = _version_of(self._path)
        if version != self._known[0]:
            with suppress(ConfigError):
                self._known = (version, self._read(self._path))
        return self._known[1]


def _version_of(path: Path) -> tuple[int, ...]:
    try:
        state = path.stat()
    except OSError:  # reading it reports the error
        return ()
    return state.st_mtime_ns, state.st_size, state.st_ino


type KeySource = BucketKey | WatchedFile[BucketKey] | None
"""A key, the file that has it, or None: the clients then take that of the environment, or the machine's role."""


def key_of(source: KeySource) -> BucketKey | None:
    """Return the key of now."""
    return source.content() if isinstance(source, WatchedFile) else source
