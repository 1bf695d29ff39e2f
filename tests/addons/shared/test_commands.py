"""`newslake store migrate` with wrong input: each is one message, and nothing is opened or written."""

import os
from pathlib import Path

import pytest

from tests.unit.cli.test_commands import called

URL = "s3://newslake-archive/main"


@pytest.mark.parametrize(
    ("to", "given", "message"),
    [
        (URL, {}, "NEWS_OBJECTS_URL is not set, and NEWS_STORE=shared needs it"),
        ("/srv/archive", {}, "--to '/srv/archive' is not a bucket; write s3://BUCKET/PREFIX"),
        ("s3://", {"NEWS_OBJECTS_URL": URL}, "--to s3:// is not s3://newslake-archive/main"),
        ("s3://newslake-archive/mian", {"NEWS_OBJECTS_URL": URL}, "which NEWS_OBJECTS_URL names and workers will use"),
        (URL, {"NEWS_OBJECTS_URL": f"{URL}/"}, "has no archive and no tables to move; set NEWS_DATA_DIR"),
    ],
)
def test_wrong_input_is_one_message(tmp_path: Path, to: str, given: dict[str, str], message: str) -> None:
    """A wrong bucket, a missing setting and an empty data root are named; the data root stays as it is."""
    done = called("store", "migrate", "--to", to, cwd=tmp_path, **given)

    assert (done.returncode, done.stdout) == (2, "")
    assert message in " ".join(done.stderr.split())
    assert os.listdir(tmp_path) == []


def test_the_bucket_must_be_named(tmp_path: Path) -> None:
    """Without --to nothing is moved."""
    done = called("store", "migrate", cwd=tmp_path, NEWS_OBJECTS_URL=URL)

    assert done.returncode == 2
    assert "--to" in done.stderr
