"""The variables of a process: those of the environment, and the file ``newslake.env`` of the current folder.

`settings.py` makes settings of them; the list of add-ons and the format of the log are read before any setting.
"""

import os
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any, get_args

from dotenv.parser import parse_stream

from newslake.pipeline.errors import ConfigError
from newslake.pipeline.log_lines import LogFormat

PREFIX = "NEWS_"
ENV_FILE = "newslake.env"  # in the current folder; the environment has precedence


def read_env_file() -> Mapping[str, str | None]:
    """Return the values of the settings file by name, upper-case; none without a file.

    Raises: ConfigError for a line that is neither a comment nor a name with its value.
    """
    if not (path := Path(ENV_FILE)).is_file():
        return {}
    try:
        lines = list(parse_stream(StringIO(path.read_text("utf-8"))))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{ENV_FILE}: {error}; save it as UTF-8", key=ENV_FILE) from error
    if broken := next((each.original for each in lines if each.error or (each.key and each.value is None)), None):
        number = broken.line + len(broken.string) - len(broken.string.lstrip("\n"))
        raise ConfigError(f"{ENV_FILE}: line {number} is not a comment; write NEWS_NAME='value'", key=ENV_FILE)
    return {each.key.upper(): each.value for each in lines if each.key}


def value_of(name: str, *, default: str) -> str:
    """Return one setting as text, as the environment or the file has it. Raises: ConfigError for a broken file."""
    variable = f"{PREFIX}{name.upper()}"
    value = next((each for key, each in os.environ.items() if key.upper() == variable), None)  # as for all settings
    if value is None:
        value = read_env_file().get(variable)
    return default if value is None else value


def log_format() -> LogFormat:
    """Return the setting ``NEWS_LOG_FORMAT`` alone, before the others are read: their errors are lines of the log too.

    Raises: ConfigError.
    """
    value: Any = value_of("log_format", default="text")
    if value not in get_args(LogFormat):
        names = " or ".join(map(repr, get_args(LogFormat)))
        raise ConfigError(f"NEWS_LOG_FORMAT: {value!r} is not {names}", key="NEWS_LOG_FORMAT")
    return value  # type: ignore[no-any-return]


def variable_names() -> frozenset[str]:
    """Return the names of the variables in the environment of this process that begin with the prefix."""
    return frozenset(name for name in os.environ if name.startswith(PREFIX))


def variable_of(name: str) -> str | None:
    """Return a variable of the environment that a configuration file names; None if it is not set."""
    return os.environ.get(name)


def set_default_variable(name: str, value: str) -> None:
    """Set a variable of the environment that a library reads, unless it is set."""
    os.environ.setdefault(name, value)
