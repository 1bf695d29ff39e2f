"""The scheduler with our stages loaded before it forks its workers: no task then spends seconds on loading them.

What it has loaded stays: after a change of the package Airflow must be started again. A change of a DAG file need not.
"""


def main() -> None:
    """Run the command `airflow` of this process's arguments."""
    from airflow.__main__ import main as airflow

    import pipeline.stages.tasks  # noqa: F401 - for its forks

    airflow()


if __name__ == "__main__":
    main()
