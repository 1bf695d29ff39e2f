"""The extras of the wheel: libraries that `pip install newslake` leaves out, and the commands that need them.

requirements.in has their requirements; hatch_build.py has those of `spark`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from newslake.pipeline.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Extra:
    """An extra: what needs it, as the start of a sentence, and the modules that it brings."""

    need: str
    modules: tuple[str, ...]


EXTRAS: Mapping[str, Extra] = {
    "airflow": Extra("Airflow's commands need Airflow", ("airflow", "psutil")),
    "alerts": Extra("messages of alerts need Apprise", ("apprise",)),
    "charts": Extra("charts need vl-convert", ("vl_convert",)),
    "mcp": Extra("questions of agents need the SDK of the Model Context Protocol", ("mcp",)),
    "spark": Extra("a backfill on Spark needs its library for Python", ("pyspark", "pandas")),
    "shared": Extra("a store for many hosts needs the clients of its services", ("obstore", "psycopg", "pyiceberg")),
}


def is_installed(name: str) -> bool:
    """Return whether the libraries of an extra are installed."""
    return all(find_spec(module) is not None for module in EXTRAS[name].modules)


def require_extra(name: str) -> None:
    """Check that the libraries of an extra are installed. Raises: ConfigError with the command that installs them."""
    extra = EXTRAS[name]
    if not is_installed(name):
        raise ConfigError(f"{extra.need}: pip install 'newslake[{name}]'", key=name, reason="extra_missing")
