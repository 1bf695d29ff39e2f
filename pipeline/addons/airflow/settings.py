"""The settings of Airflow on one machine, and of what it polls."""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from newslake.pipeline.settings import AddonSettings

_HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?")


def _host_names(value: object) -> object:
    """Return the names of a comma-separated list, lower-case."""
    if not isinstance(value, str):
        return value
    names = [name.strip().lower() for name in value.split(",") if name.strip()]
    for name in names:
        if not _HOST_NAME.fullmatch(name):
            raise ValueError(
                f"{name!r} is not the name of a host; write names without scheme and port: news.example.org"
            )
    return names


class AirflowSettings(AddonSettings):
    """The settings of Airflow's web server, and of the triggers."""

    poll_seconds: float = Field(300.0, gt=0, description="Seconds between two polls of a listing while Airflow runs.")
    inbox_poll_seconds: float = Field(
        1.0, gt=0, description="Seconds between two polls of an inbox while Airflow runs."
    )
    allowed_hosts: Annotated[frozenset[str] | None, NoDecode, BeforeValidator(_host_names)] = Field(
        None,
        description="Names, separated by commas, under which Airflow's web server answers, besides `127.0.0.1` and "
        "`localhost`.",
    )
    airflow_port: int = Field(
        8080,
        ge=0,
        le=65535,
        description="The port of Airflow on 127.0.0.1. If it is in use, `make up` takes a free one.",
    )
