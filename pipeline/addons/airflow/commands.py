"""`newslake airflow`: Airflow's own command line."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

import newslake.pipeline
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.extras import require_extra

_PLUGINS = Path(newslake.pipeline.__file__).parents[2] / "plugins"
# The package may not import Airflow, nor what knows it: another Python takes the place of this process.
_RUN_AIRFLOW = "import sys; sys.path.insert(0, sys.argv.pop(1)); from news_airflow.local_airflow import main; main()"


def airflow(
    words: Annotated[
        list[str], typer.Argument(metavar="COMMAND...", help="A command of Airflow, with its options; also --help.")
    ],
) -> None:
    """Run a command of Airflow's own command line.

    It uses the home, database and settings of the Airflow that `make up` starts.
    """
    require_extra("airflow")
    if not _PLUGINS.is_dir():
        message = f"{_PLUGINS} is missing: call newslake from the project's own .venv, or set up Airflow yourself"
        raise ConfigError(message, key="airflow")
    sys.stdout.flush()
    os.execv(  # noqa: S606 - no shell, our own program
        sys.executable, [sys.executable, "-c", _RUN_AIRFLOW, str(_PLUGINS), "airflow", *words]
    )
