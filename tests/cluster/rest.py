"""The parts of Airflow's REST API that the cluster test needs."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import requests

DONE = ("success", "failed")


def wait_for[Found](what: str, look: Callable[[], Found], *, seconds: float) -> Found:
    """Return the first value that ``look`` finds. Raises: AssertionError after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.3)
    return found


class Rest:
    """One client, logged in as admin."""

    def __init__(self, port: int, *, password: str) -> None:
        self._base = f"http://127.0.0.1:{port}"
        self._session = requests.Session()
        self._session.trust_env = False
        login = {"username": "admin", "password": password}
        token = self._session.post(f"{self._base}/auth/token", json=login, timeout=30).json()["access_token"]
        self._session.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **parameters: Any) -> Any:
        return self._request("GET", path, params=parameters)

    def _request(self, method: str, path: str, **given: Any) -> Any:
        answer = self._session.request(method, f"{self._base}/api/v2/{path}", timeout=60, **given)
        if not answer.ok:
            raise AssertionError(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json()

    def dag_ids(self) -> set[str]:
        return {dag["dag_id"] for dag in self.get("dags")["dags"]}

    def pause(self, dag_id: str, *, is_paused: bool) -> None:
        self._request("PATCH", f"dags/{dag_id}", json={"is_paused": is_paused})

    def run(self, dag_id: str, *, key: str | None, run_id: str) -> None:
        """Start a run for a partition key."""
        body = {"logical_date": None, "partition_key": key, "dag_run_id": run_id}
        self._request("POST", f"dags/{dag_id}/dagRuns", json=body)

    def state(self, dag_id: str, run_id: str) -> str:
        return str(self.get(f"dags/{dag_id}/dagRuns/{run_id}")["state"])

    def tasks(self, dag_id: str = "~", run_id: str = "~", **which: Any) -> list[dict[str, Any]]:
        return list(self.get(f"dags/{dag_id}/dagRuns/{run_id}/taskInstances", limit=100, **which)["task_instances"])

    def task_of(self, pid: int) -> "Task":
        """Return the running task of a process. Raises: AssertionError if it does not exist."""
        running = self.tasks(state="running")
        found = [each for each in running if each["pid"] == pid]
        assert len(found) == 1, (pid, [(each["dag_id"], each["task_id"], each["pid"]) for each in running])
        return Task(*(found[0][name] for name in Task._fields))

    def log_lines(self, task: "Task") -> int:
        """Return the number of log lines of a try in the web pages, without headings."""
        lines = self.get(f"{task.path}/logs/{task.try_number}", map_index=task.map_index)["content"]
        return sum(1 for line in lines if line.get("timestamp"))

    def state_of(self, task: "Task") -> str:
        """Return the state of a task's last try, prefixed with "again" if that is a later try."""
        path = task.path
        found = self.get(path if task.map_index < 0 else f"{path}/{task.map_index}")
        return str(found["state"]) if found["try_number"] == task.try_number else f"again {found['state']}"

    def finished(self, dag_id: str, run_id: str, *, seconds: float = 240) -> str:
        """Return the final state of a run."""

        def look() -> str | None:
            state = self.state(dag_id, run_id)
            return state if state in DONE else None

        return wait_for(f"end of {dag_id} {run_id}", look, seconds=seconds) or ""


class Task(NamedTuple):
    """One try of a task, with the names of the API."""

    dag_id: str
    dag_run_id: str
    task_id: str
    map_index: int
    try_number: int

    @property
    def path(self) -> str:
        return f"dags/{self.dag_id}/dagRuns/{self.dag_run_id}/taskInstances/{self.task_id}"
