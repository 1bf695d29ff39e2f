"""docker-compose.yaml, .env.example and Dockerfile define the whole cluster. These tests need no container engine."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from newslake.pipeline.settings import Settings, load_sources
from tests.cluster.compose import ONE_SHOT, ROOT, VARIABLE, airflow_services, services, variables_of_example

SECRETS = (
    *("POSTGRES_PASSWORD", "AIRFLOW_ADMIN_PASSWORD", "AIRFLOW_JWT_SECRET", "AIRFLOW_SECRET_KEY", "AIRFLOW_FERNET_KEY"),
    "NEWS_USER_AGENT",
)
FILLED = variables_of_example() | {name: f"given-{name}" for name in SECRETS}
ALL = services(FILLED)
AIRFLOW = airflow_services(FILLED)
LASTING = {name: service for name, service in ALL.items() if name != ONE_SHOT}
TEXT = (ROOT / "docker-compose.yaml").read_text("utf-8")
ENVIRONMENT = AIRFLOW["api"]["environment"]


def test_all_components_are_there():
    """There is one service per component of Airflow, and for the database, the broker and the preparation."""
    components = {"api", "scheduler", "dag-processor", "triggerer", "worker"}

    assert set(AIRFLOW) == components | {ONE_SHOT}
    assert set(ALL) - set(AIRFLOW) == {"postgres", "redis"}


@pytest.mark.parametrize("name", LASTING)
def test_service_is_watched_and_restarted(name):
    """Each long-running service has a health check and is always restarted."""
    assert LASTING[name]["healthcheck"]["test"]
    assert LASTING[name]["restart"] == "always"


@pytest.mark.parametrize("name", AIRFLOW)
def test_airflow_services_share_everything(name):
    """Settings, data root, logs and image are the same for all, so that any worker can run any task."""
    for what in ("environment", "volumes", "image", "build"):
        assert AIRFLOW[name][what] == AIRFLOW["api"][what]


def test_settings_are_defined_once():
    """No service has its own settings: all use the same mapping."""
    written = yaml.safe_load(TEXT)
    shared = written["x-airflow"]["environment"]

    assert [name for name in AIRFLOW if written["services"][name]["environment"] is not shared] == []


def test_order_of_services():
    """The preparation waits for database and broker, Airflow waits for the preparation, workers wait for the API."""
    waits = {
        name: {on: each["condition"] for on, each in service["depends_on"].items()} for name, service in AIRFLOW.items()
    }
    prepared = {"init": "service_completed_successfully"}

    assert waits.pop("init") == {"postgres": "service_healthy", "redis": "service_healthy"}
    assert waits.pop("worker") == prepared | {"api": "service_healthy"}
    assert set(map(str, waits.values())) == {str(prepared)}


def test_preparation_sets_the_pools():
    """The preparation runs our own command, which migrates the database and creates the pools."""
    assert "python -m news_airflow.local_airflow prepare" in ALL["init"]["command"][0]


def test_workers_can_be_scaled():
    """Services can be scaled: no fixed names, and only one published port, on this machine only."""
    assert [name for name, service in ALL.items() if "container_name" in service or "hostname" in service] == []
    published = {name: service["ports"] for name, service in ALL.items() if "ports" in service}
    assert published == {"api": ["127.0.0.1:8080:8080"]}


def test_admin_needs_a_password():
    """The only user is admin; his password is a required variable, and is stored before the web server starts."""
    users = ENVIRONMENT["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"]

    assert (users, ENVIRONMENT["AIRFLOW_ADMIN_PASSWORD"]) == ("admin:admin", "given-AIRFLOW_ADMIN_PASSWORD")
    assert [name for name in ENVIRONMENT if "ALL_ADMINS" in name] == []
    assert ALL["api"]["command"][0].startswith("python -m news_airflow.local_airflow login; exec ")
    with pytest.raises(KeyError, match="AIRFLOW_ADMIN_PASSWORD"):
        services(FILLED | {"AIRFLOW_ADMIN_PASSWORD": ""})


def test_password_is_readable_by_its_owner_only(tmp_path):
    """The command before the web server stores the password of .env in the file that Airflow reads."""
    file = tmp_path / "passwords.json"
    given = {"AIRFLOW_ADMIN_PASSWORD": "of .env", "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(file)}
    file.write_text('{"admin": "before"}')
    environment = {"PYTHONPATH": str(ROOT / "plugins"), "PATH": "/usr/bin", **given}
    command = [sys.executable, "-m", "news_airflow.local_airflow", "login"]
    subprocess.run(command, env=environment, check=True)

    assert (json.loads(file.read_text()), file.stat().st_mode & 0o777) == ({"admin": "of .env"}, 0o600)
    assert list(tmp_path.iterdir()) == [file]


def test_variables_are_explained():
    """Each variable is in .env.example and is used; a default is the same in both files."""
    found = [match.groupdict() for match in VARIABLE.finditer(TEXT) if match["name"]]
    example = variables_of_example()

    assert {each["name"] for each in found} == set(example)
    assert {each["name"]: each["rest"] for each in found if each["form"] == ":-"} == {
        name: value for name, value in example.items() if name not in SECRETS
    }
    assert {each["name"] for each in found if each["form"] == ":?"} == set(SECRETS)


def test_defaults_are_those_of_newslake():
    """A setting in .env.example has newslake's default."""
    offered = {name: value for name, value in variables_of_example().items() if name.startswith("NEWS_") and value}
    fields = {name: field for each in Settings.load().models() for name, field in type(each).model_fields.items()}

    assert {n: str(fields[n.removeprefix("NEWS_").lower()].default) for n in offered} == offered


def test_settings_are_known(monkeypatch):
    """Newslake accepts each setting of the services."""
    for name, value in ENVIRONMENT.items():
        if name.startswith("NEWS_"):
            monkeypatch.setenv(name, value)

    assert Settings.load().user_agent == "given-NEWS_USER_AGENT"


def test_inbox_is_in_the_data_root():
    """The data root is a folder of the host that contains the inbox of the shipped sources.toml."""
    data, sources = ENVIRONMENT["NEWS_DATA_DIR"], Path(ENVIRONMENT["NEWS_SOURCES_FILE"])
    inbox = next(source for source in load_sources(ROOT / "sources.toml").sources if source.kind == "inbox")

    assert f"./data:{data}" in AIRFLOW["worker"]["volumes"]
    assert str(sources.parent / Path(inbox.location).relative_to(ROOT)) == f"{data}/inbox"


def test_airflow_knows_its_settings():
    """Airflow has each of its settings; a misspelled setting would be ignored silently."""
    names = sorted(name for name in ENVIRONMENT if name.startswith("AIRFLOW__"))
    ask = (
        "import sys; from airflow.configuration import conf\n"
        "for name in sys.argv[1:]:\n"
        "    _, section, key = name.split('__', 2)\n"
        "    print(name) if section != 'CELERY' and not conf.configuration_description"
        ".get(section.lower(), {}).get('options', {}).get(key.lower()) else None"
    )
    done = subprocess.run([sys.executable, "-c", ask, *names], capture_output=True, text=True, check=True)

    assert [line for line in done.stdout.splitlines() if line.startswith("AIRFLOW__")] == []


def test_images_are_pinned():
    """Each external image has a complete version."""
    base = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    outside = [ALL["postgres"]["image"], ALL["redis"]["image"], *base]

    assert [image for image in outside if not re.search(r":\d+(\.\d+)+(-[a-z]+)*$", image)] == []


def test_image_contains_what_it_copies():
    """All copied files exist and are allowed by .dockerignore; the user of the image is not root."""
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    copied = {name for line in re.findall(r"^COPY (.+) \S+$", dockerfile, re.MULTILINE) for name in line.split()}
    let_through = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text("utf-8"), re.MULTILINE))

    assert copied == let_through
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert re.findall(r"^USER (\S+)", dockerfile, re.MULTILINE) == ["50000:0"]
