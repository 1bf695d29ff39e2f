"""Airflow on this machine: its settings, and the one-slot pool. `python -m news_airflow.local` starts it.

Everything lies in ``AIRFLOW_HOME``, else in ``.airflow`` of the project; SQLite and the local executor; the pages
answer on 127.0.0.1 only, because whoever reaches them is admin. What the environment sets already stays as it is:
another port is ``AIRFLOW__API__PORT``.
"""

import os
import secrets
import subprocess
import sys
from pathlib import Path

from news_airflow.defaults import COMMIT_POOL

ROOT = Path(__file__).parents[2]


def environment(home: Path) -> dict[str, str]:
    """Return the environment of an Airflow whose files lie in ``home``; set it before airflow is imported.

    No component can count on its working directory, so the paths of the project are absolute.
    """
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "plugins"))),
        "NEWS_DATA_DIR": str(ROOT / "data"),
        "NEWS_SOURCES_FILE": str(ROOT / "sources.toml"),
        "NEWS_OVERRIDES_FILE": str(ROOT / "overrides.toml"),
    }


def main() -> None:
    """Migrate the database, make the pool, start all components, and stay until they end."""
    airflow = Path(sys.executable).with_name("airflow")
    home = Path(os.environ.get("AIRFLOW_HOME", ROOT / ".airflow")).absolute()
    home.mkdir(parents=True, exist_ok=True)
    ours = environment(home)
    port = os.environ.get("AIRFLOW__API__PORT", "8080")
    os.environ |= {
        **ours,
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "PYTHONPATH": ours["PYTHONPATH"],
        # standalone starts its components by the bare name "airflow"
        "PATH": os.pathsep.join((str(airflow.parent), os.environ.get("PATH", os.defpath))),
    }
    subprocess.run([airflow, "db", "migrate"], check=True)
    subprocess.run([airflow, "pools", "set", COMMIT_POOL, "1", "one committer of the lake"], check=True)
    os.execv(airflow, [str(airflow), "standalone"])  # noqa: S606 - no shell, our own program


if __name__ == "__main__":
    main()
