"""The scheduler with preloaded jobs and model, so that its forked workers do not need seconds to load them.

Restart Airflow after a change of the package. A change of a DAG file or of the overrides needs no restart: only modules
and the model stay loaded.
"""

from contextlib import suppress
from importlib import import_module


def main() -> None:
    """Run `airflow` with this process's arguments."""
    from airflow.__main__ import main as airflow

    _load()
    airflow()


def _load() -> None:
    from newslake.pipeline.jobs.knowledge import annotator_of
    from newslake.pipeline.settings import Settings

    annotator_of(Settings.load())
    with suppress(ModuleNotFoundError):
        import_module("pandas")  # if it is installed, pyarrow loads it with the first array of a process


if __name__ == "__main__":
    main()
