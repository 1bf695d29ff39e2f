"""The stores of the contract suite: each interface over files of this machine and over services."""

import uuid
from pathlib import Path

from pipeline.shared.bucket import Bucket, BucketKey, BucketService, open_bucket
from pipeline.store.folder import FolderObjects
from tests.scale.seaweedfs import BUCKET, REGION, SeaweedFS, SeaweedKey


def new_folder(path: Path) -> FolderObjects:
    """Return objects in a new folder."""
    return FolderObjects(path / "objects", durability="process")


def bucket_of(
    server: SeaweedFS,
    *,
    prefix: str = "",
    name: str = BUCKET,
    key: SeaweedKey | None = None,
    endpoint: str | None = None,
    deadline_seconds: float = 60.0,
    is_writer: bool = True,
) -> Bucket:
    """Return a bucket of a server, under a prefix of its own unless one is given."""
    used = key or server.admin
    service = BucketService(
        endpoint=endpoint or server.endpoint, region=REGION, deadline_seconds=deadline_seconds, request_seconds=10.0
    )
    url = f"s3://{name}/{prefix or uuid.uuid4().hex}"
    return open_bucket(url, service=service, key=BucketKey(used.access_key, used.secret_key), is_writer=is_writer)
