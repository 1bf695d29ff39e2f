"""docker-compose.shared.yaml and its example of .env: workers without a shared disk. No container engine is needed."""

import re
import tomllib

import pytest
import yaml

from newslake.pipeline.settings import Settings
from newslake.pipeline.shared.settings import SharedSettings
from tests.cluster import compose
from tests.cluster.compose import CLUSTER, ONE_SHOT, ROOT, SHARED, VARIABLE

SECRETS = (
    *("POSTGRES_PASSWORD", "AIRFLOW_ADMIN_PASSWORD", "AIRFLOW_JWT_SECRET", "AIRFLOW_SECRET_KEY"),
    *("AIRFLOW_FERNET_KEY", "AWS_SECRET_ACCESS_KEY", "NEWS_USER_AGENT"),
)
EXAMPLE = compose.variables_of_example(SHARED)
FILLED = EXAMPLE | {name: f"given-{name}" for name in SECRETS}
ALL = compose.services(FILLED, file=SHARED)
AIRFLOW = compose.airflow_services(FILLED, file=SHARED)
ENVIRONMENT = AIRFLOW["worker"]["environment"]
TEXT = (ROOT / SHARED).read_text("utf-8")
# What differs from the cluster on one disk: where the services are.
_OTHER = {"AIRFLOW__CORE__EXECUTION_API_SERVER_URL", "NEWS_SOURCES_FILE", "NEWS_OVERRIDES_FILE", "NEWS_ALERTS_FILE"}


def test_services_are_those_of_the_cluster_and_the_store():
    """There are the services of the cluster on one disk, an object store, and the creation of its buckets."""
    cluster = compose.services(compose.variables_of_example() | {name: "x" for name in SECRETS}, file=CLUSTER)

    assert set(ALL) - set(cluster) == {"seaweedfs", "buckets"}
    for name in AIRFLOW.keys() - {ONE_SHOT}:
        assert {**AIRFLOW[name], "environment": 0, "volumes": 0, "secrets": 0} == {
            **cluster[name],
            "environment": 0,
            "volumes": 0,
            "secrets": 0,
        }


def test_airflow_has_the_settings_of_the_cluster():
    """Each setting of docker-compose.yaml is here, with the same value except for the places of files and services."""
    cluster = compose.airflow_services(
        compose.variables_of_example() | {name: f"given-{name}" for name in SECRETS}, file=CLUSTER
    )["worker"]["environment"]

    assert {name for name in cluster if cluster[name] != ENVIRONMENT.get(name)} <= _OTHER


def test_no_volume_is_shared_by_airflow():
    """The services of Airflow share only files that they cannot write; each has its own data root and logs."""
    for service in AIRFLOW.values():
        assert [each for each in service["volumes"] if not each.endswith(":ro")] == []
        assert service["volumes"] == ["./site:/opt/newslake/site:ro"]


def test_settings_are_known(monkeypatch):
    """Newslake accepts each setting, and they select the shared store with the services of the file."""
    for name, value in ENVIRONMENT.items():
        if name.startswith("NEWS_"):
            monkeypatch.setenv(name, value)
    settings = Settings.load()

    services = settings.of(SharedSettings)
    assert (settings.store, settings.user_agent, services.allow_http) == ("shared", "given-NEWS_USER_AGENT", True)
    assert services.database_url.get_secret_value() == ENVIRONMENT["NEWS_DATABASE_URL"]
    places = (services.objects_endpoint, services.catalog_url)
    assert [re.fullmatch(r"http://(\w+):\d+", place)[1] in ALL for place in places] == [True, True]


def test_variables_are_explained():
    """Each variable is in the example and is used; a default is the same wherever it is."""
    found = [match.groupdict() for match in VARIABLE.finditer(TEXT) if match["name"]]
    defaults = {(each["name"], each["rest"]) for each in found if each["form"] == ":-"}

    assert {each["name"] for each in found} == set(EXAMPLE)
    assert defaults == {(name, value) for name, value in EXAMPLE.items() if name not in SECRETS}
    assert {each["name"] for each in found if each["form"] == ":?"} == set(SECRETS)


@pytest.mark.parametrize("name", SECRETS)
def test_secrets_are_required(name):
    """Each secret is in the environment of the services only, and without it nothing starts."""
    assert EXAMPLE[name] == ""
    with pytest.raises(KeyError, match=name):
        compose.services(FILLED | {name: ""}, file=SHARED)


def test_properties_of_the_catalog_are_a_secret():
    """The catalog's properties are a file outside the image and the repository, in the form that newslake reads."""
    written = yaml.safe_load(TEXT)
    assert all(service["secrets"] == ["catalog"] for service in AIRFLOW.values())
    assert written["secrets"]["catalog"]["file"] == "${NEWSLAKE_CATALOG_FILE:-./catalog.toml}"
    assert ENVIRONMENT["NEWS_CATALOG_PROPERTIES_FILE"] == "/run/secrets/catalog"
    assert {"/catalog.toml", "/.env"} <= set((ROOT / ".gitignore").read_text("utf-8").splitlines())
    line = re.search(r"^#   (credential = .*)$", (ROOT / ".env.shared.example").read_text("utf-8"), re.MULTILINE)
    assert tomllib.loads(line[1])["credential"].startswith(f"{EXAMPLE['AWS_ACCESS_KEY_ID']}:")


def test_one_published_port():
    """Only the web pages have a port of the host, on 127.0.0.1; services can be scaled."""
    assert {name: each["ports"] for name, each in ALL.items() if "ports" in each} == {"api": ["127.0.0.1:8080:8080"]}
    assert [name for name, each in ALL.items() if "container_name" in each or "hostname" in each] == []


def test_images_are_pinned():
    """Each external image has a complete version."""
    images = {each["image"] for each in ALL.values()} - {"newslake:local"}

    assert [image for image in images if not re.search(r":\d+(\.\d+)+(-[a-z]+)*$", image)] == []
