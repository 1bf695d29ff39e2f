"""examples/kubernetes/values.yaml agrees with docker-compose.shared.yaml and the Dockerfile. It needs no cluster."""

import os
import re
import subprocess
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from newslake.pipeline.addons.airflow.settings import AirflowSettings
from newslake.pipeline.settings import Settings
from newslake.pipeline.shared.settings import SharedSettings
from tests.cluster import compose
from tests.cluster.compose import ROOT, SHARED

FILE = "examples/kubernetes/values.yaml"
TEXT = (ROOT / FILE).read_text("utf-8")
VALUES = yaml.safe_load(TEXT)
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
# With values for what a person fills in.
FILLED = compose.variables_of_example(SHARED) | dict.fromkeys(
    (
        *("POSTGRES_PASSWORD", "AIRFLOW_ADMIN_PASSWORD", "AIRFLOW_JWT_SECRET", "AIRFLOW_SECRET_KEY"),
        *("AIRFLOW_FERNET_KEY", "AWS_SECRET_ACCESS_KEY", "NEWS_USER_AGENT"),
    ),
    "given",
)
CONTAINERS = compose.airflow_services(FILLED, file=SHARED)
COMPOSE = CONTAINERS["worker"]["environment"]
PLAIN = {each["name"]: each["value"] for each in VALUES["env"]}
EXTRA = {each["name"]: each for each in yaml.safe_load(VALUES["extraEnv"])}
SECRET = {each["envName"]: each["secretKey"] for each in VALUES["secret"]}
# What the chart sets from a value of its own, by the variable of the compose file.
BY_CHART = {
    "AIRFLOW__CORE__EXECUTOR": "executor",
    "AIRFLOW__CORE__FERNET_KEY": "fernetKeySecretName",
    "AIRFLOW__API__SECRET_KEY": "apiSecretKeySecretName",
    "AIRFLOW__API_AUTH__JWT_SECRET": "jwtSecretName",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "data",
}
# Its probes ask `airflow jobs check` instead.
NEEDLESS = {"AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK"}
# The keys that the chart reads in the Secrets that these values name.
CHART_KEYS = {"connection", "fernet-key", "api-secret-key", "jwt-secret"}
# Where the services are, and who asks: to be changed by whoever uses the file.
PLACES = {
    *("NEWS_OBJECTS_ENDPOINT", "NEWS_CATALOG_URL", "NEWS_CATALOG_PROPERTIES_FILE", "NEWS_ALLOW_HTTP"),
    "NEWS_USER_AGENT",
}


def test_settings_are_those_of_the_compose_file() -> None:
    """Each variable of the compose file is there, with its value except for places; no other setting of newslake is."""
    of_celery = {name for name in COMPOSE if name.startswith("AIRFLOW__CELERY__")}
    given = {*PLAIN, *EXTRA, *SECRET, *BY_CHART, *NEEDLESS}

    assert COMPOSE.keys() - of_celery - given == set()
    assert {name for name in {*PLAIN, *EXTRA, *SECRET} if name.startswith("NEWS_")} <= COMPOSE.keys()
    assert {name for name in PLAIN.keys() & COMPOSE.keys() if PLAIN[name] != COMPOSE[name]} == PLACES
    assert VALUES.keys() >= set(BY_CHART.values())
    assert VALUES["executor"] == "KubernetesExecutor"


def test_settings_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """newslake takes each setting, and the web server answers for the address of its pod."""
    for name in [name for name in os.environ if name.startswith("NEWS_")]:
        monkeypatch.delenv(name)
    address = {f"$({name})": "10.1.2.3" for name, each in EXTRA.items() if "valueFrom" in each}
    extra = {name: each["value"] for name, each in EXTRA.items() if "value" in each}
    given = PLAIN | {name: COMPOSE[name] for name in SECRET} | compose.replaced(extra, address)
    for name, value in given.items():
        if name.startswith("NEWS_"):
            monkeypatch.setenv(name, value)
    settings = Settings.load()

    assert (settings.store, settings.of(SharedSettings).allow_http, settings.of(AirflowSettings).allowed_hosts) == (
        "shared",
        False,
        {"10.1.2.3"},
    )
    assert list(EXTRA).index("POD_ADDRESS") < list(EXTRA).index("NEWS_ALLOWED_HOSTS")  # else it is not filled in
    assert all(type(value) is str for value in PLAIN.values())  # a container's environment has nothing else


def test_no_secret_is_in_the_file() -> None:
    """Secrets are names of Secrets and of their keys; no value of the chart that would hold one is there."""
    secret = re.compile(r"(PASSWORD|SECRET|KEY|TOKEN|CONN|DATABASE_URL)$")

    assert [name for name in {*PLAIN, *EXTRA} if secret.search(name)] == []
    assert {each["secretName"] for each in VALUES["secret"]} == {"newslake"}
    assert VALUES["data"] == {"metadataSecretName": "newslake"}
    assert {"fernetKey", "apiSecretKey", "jwtSecret", "extraSecrets", "registry"} & VALUES.keys() == set()
    assert "://" not in re.sub(
        r"(https://[a-z]+\.example\.org|s3://newslake-\w+|\+https://example\.org|'http://\{)", "", TEXT
    )


def test_docs_name_the_keys_of_the_secret() -> None:
    """The list in docs/addons/shared.md is what this file and the chart read in the Secret."""
    page = (ROOT / "docs/addons/shared.md").read_text("utf-8")
    (listed,) = re.findall(r"^cat >secrets\.env <<'END'\n(.*?)^END$", page, re.MULTILINE | re.DOTALL)

    assert {line.partition("=")[0] for line in listed.splitlines()} == {*SECRET.values(), *CHART_KEYS}
    assert FILE in page


def test_lines_to_take_in_are_values() -> None:
    """Without their comment signs, the lines for a registry and for TLS are values, and the certificate is mounted."""
    whole = yaml.safe_load(re.sub(r"^( *)# (imagePullSecrets:|- \{name: PGSSL)", r"\1\2", TEXT, flags=re.MULTILINE))
    given = {each["name"]: each["value"] for each in whole["env"]}
    (site,) = [each["mountPath"] for each in VALUES["volumeMounts"] if each["name"] == "site"]

    assert whole["imagePullSecrets"] == ["newslake-registry"]
    assert given.keys() - PLAIN.keys() == {"PGSSLMODE", "PGSSLROOTCERT"}
    assert given["PGSSLROOTCERT"].startswith(f"{site}/")


def test_tasks_have_no_limits_of_their_own() -> None:
    """One limit holds for the pods of all tasks, as docs/addons/shared.md says."""
    texts = [path.read_text("utf-8") for path in (ROOT / "dags").glob("*.py")]

    assert len(texts) > 1
    assert [text for text in texts if "executor_config" in text] == []


def test_image_of_spark_fits_the_image() -> None:
    """The lines of shared.md have the Python of the Dockerfile, the tested pyspark, and folders of the image."""
    page = (ROOT / "docs/addons/shared.md").read_text("utf-8")
    (added,) = re.findall(r"^```dockerfile\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (pod,) = re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (job,) = re.findall(r"^  local:///opt/newslake/(\S+\.py) ", page, re.MULTILINE)
    tested = re.search(r"^pyspark==(\S+)", (ROOT / "requirements-nightly.txt").read_text("utf-8"), re.MULTILINE)[1]
    mounts = yaml.safe_load(pod)["spec"]["containers"][0]["volumeMounts"]

    assert re.findall(r"(?:apache/spark:|pyspark==)(\S+)", added) == [tested, tested]
    assert f"/lib/python{re.search(r'^FROM python:(\d+\.\d+)', DOCKERFILE, re.MULTILINE)[1]}/" in added
    assert f"FROM {VALUES['defaultAirflowRepository']}:{VALUES['defaultAirflowTag']}" in added.splitlines()
    assert re.findall(r"^USER (\S+)", added, re.MULTILINE)[-1] == f"{VALUES['uid']}:{VALUES['gid']}"
    assert [each for each in mounts if each not in VALUES["volumeMounts"]] == []
    assert (ROOT / job).is_file()


def test_each_path_is_in_the_image_or_mounted() -> None:
    """A folder of the image is copied into it; other files are below a mount, and only the data root can be written."""
    copied = {f"/opt/newslake/{name}" for name in re.findall(r"^COPY \S+ (\w+)$", DOCKERFILE, re.MULTILINE)}
    mounts = {each["mountPath"]: each for each in VALUES["volumeMounts"]}
    below = {PLAIN[name] for name in PLAIN if name.startswith("NEWS_") and PLAIN[name].startswith("/")}

    assert {PLAIN["AIRFLOW__CORE__DAGS_FOLDER"], PLAIN["AIRFLOW__CORE__PLUGINS_FOLDER"]} <= copied
    assert {next((mount for mount in mounts if path.startswith(mount)), path) for path in below} == mounts.keys()
    assert [path for path, mount in mounts.items() if not mount.get("readOnly")] == [PLAIN["NEWS_DATA_DIR"]]
    assert {each["name"] for each in mounts.values()} == {each["name"] for each in VALUES["volumes"]}
    assert VALUES["airflowHome"] == re.search(r"AIRFLOW_HOME=(\S+)", DOCKERFILE)[1]
    assert f"{VALUES['uid']}:{VALUES['gid']}" == re.search(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)[1]


def test_commands_are_those_of_the_compose_file() -> None:
    """The preparation makes the pools, and the password is stored before the web server starts, as in compose."""
    for part, service in (("migrateDatabaseJob", "init"), ("apiServer", "api")):
        assert VALUES[part]["args"] == [*CONTAINERS[service]["entrypoint"], *CONTAINERS[service]["command"]]
    manager = VALUES["config"]["core"]["auth_manager"]
    module, _, name = manager.rpartition(".")
    assert hasattr(import_module(module), name)


def test_image_has_the_executor() -> None:
    """The locks have Airflow in the version of the values, and the provider of the executor."""
    lock = (ROOT / "requirements-cluster.txt").read_text("utf-8")

    assert f"\napache-airflow=={VALUES['airflowVersion']} " in lock
    assert "\napache-airflow-providers-cncf-kubernetes==" in lock


@pytest.mark.parametrize(
    ("words", "ran"),
    [
        (["scheduler"], "python: -m airflow scheduler"),
        (["celery", "worker"], "python: -m airflow celery worker"),
        (["bash", "-c", "exec airflow scheduler"], "airflow: scheduler"),
        (["airflow", "db", "check-migrations"], "airflow: db check-migrations"),
        (
            ["python", "-m", "airflow.sdk.execution_time.execute_workload"],
            "python: -m airflow.sdk.execution_time.execute_workload",
        ),
    ],
)
def test_image_takes_the_commands_of_both(words: list[str], ran: str, tmp_path: Path) -> None:
    """The entrypoint runs a command of Airflow, as in the compose files, and a program, as of chart and executor."""
    (line,) = re.findall(r"^RUN (printf .*) \\\n  > /entrypoint", DOCKERFILE, re.MULTILINE)
    assert re.search(r'^ENTRYPOINT \["/entrypoint"\]$', DOCKERFILE, re.MULTILINE)
    entrypoint = tmp_path / "entrypoint"
    entrypoint.write_bytes(subprocess.run(["sh", "-c", line], capture_output=True, check=True).stdout)
    for program in ("python", "airflow"):
        (tmp_path / program).write_text('#!/bin/sh\necho "$(basename "$0"): $@"\n')
        (tmp_path / program).chmod(0o755)
    path = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run(["sh", entrypoint, *words], env=path, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == ran
