"""The values of docker-compose.yaml and docker-compose.shared.yaml, so that the tests use the files themselves."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
ONE_SHOT = "init"
CLUSTER, SHARED = "docker-compose.yaml", "docker-compose.shared.yaml"
_EXAMPLES = {CLUSTER: ".env.example", SHARED: ".env.shared.example"}
# The file uses two forms: ${NAME:-default} and ${NAME:?message}. $$ is a dollar sign for the container's shell.
VARIABLE = re.compile(r"\$\$|\$\{(?P<name>\w+)(?P<form>:-|:\?)(?P<rest>[^}]*)\}")


def services(variables: Mapping[str, str], *, file: str = CLUSTER) -> dict[str, dict[str, Any]]:
    """Return the services with substituted variables. Raises: KeyError for a variable without value or default."""
    written = yaml.safe_load((ROOT / file).read_text("utf-8"))
    return filled(written["services"], variables)


def airflow_services(variables: Mapping[str, str], *, file: str = CLUSTER) -> dict[str, dict[str, Any]]:
    """Return the services that run our own image."""
    found = services(variables, file=file)
    return {name: service for name, service in found.items() if service["image"] == "newslake:local"}


def variables_of_example(file: str = CLUSTER) -> dict[str, str]:
    """Return the variables of the example of .env for a file, with their values."""
    lines = (ROOT / _EXAMPLES[file]).read_text("utf-8").splitlines()
    pairs = (line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return {name: value for name, value in pairs}


def filled(value: Any, variables: Mapping[str, str]) -> Any:
    """Return a value of the file with substituted variables, as in Compose."""
    if isinstance(value, dict):
        return {key: filled(each, variables) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each, variables) for each in value]
    return VARIABLE.sub(lambda found: _put_in(found, variables), value) if isinstance(value, str) else value


def replaced(value: Any, places: Mapping[str, str]) -> Any:
    """Return a value with hosts and folders of the containers replaced by those of this machine, longest first."""
    if isinstance(value, dict):
        return {key: replaced(each, places) for key, each in value.items()}
    if isinstance(value, list):
        return [replaced(each, places) for each in value]
    either = "|".join(map(re.escape, sorted(places, key=len, reverse=True)))
    return re.sub(either, lambda found: places[found[0]], value) if isinstance(value, str) else value


def _put_in(found: re.Match[str], variables: Mapping[str, str]) -> str:
    if found["name"] is None:
        return "$"
    value = variables.get(found["name"], "")
    if value:
        return value
    if found["form"] == ":?":
        raise KeyError(f"{found['name']}: {found['rest']}")
    return found["rest"]
