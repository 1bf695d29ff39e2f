"""The add-on airflow: Airflow's own command line and its settings."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from newslake.pipeline.hooks import AddonInfo, Command, Finding, HealthCheck, implementation, specification

if TYPE_CHECKING:
    from newslake.pipeline.addons.airflow.apps import App
    from newslake.pipeline.addons.airflow.settings import AirflowSettings
    from newslake.pipeline.jobs.workspace import Workspace


class AirflowSpecifications(Protocol):
    """The hook of Airflow."""

    @specification
    def airflow_apps(self) -> "Sequence[App]":
        """Return the applications of the add-on in Airflow's web server."""


specifications = AirflowSpecifications


@implementation
def addon_info() -> AddonInfo:
    """Return what the add-on is."""
    return AddonInfo("airflow", "Airflow", extra="airflow")


@implementation
def settings() -> "type[AirflowSettings]":
    """Return the settings of the add-on."""
    from newslake.pipeline.addons.airflow.settings import AirflowSettings

    return AirflowSettings


@implementation
def commands() -> list[Command]:
    """Return the commands of the add-on."""
    return [
        Command(
            "airflow",
            "newslake.pipeline.addons.airflow.commands:airflow",
            "Run a command of Airflow's own command line.",
            context={"ignore_unknown_options": True, "allow_interspersed_args": False},
        ),
    ]


@implementation
def doctor_checks() -> list[HealthCheck]:
    """Return the check of the installed Airflow."""
    return [
        HealthCheck("airflow", _examine_airflow, "pip install 'newslake[airflow]', or leave it out", after="python")
    ]


def _examine_airflow(workspace: "Workspace", name: str) -> Finding:
    from importlib.metadata import version

    return Finding(name=name, status="ok", message=version("apache-airflow"))
