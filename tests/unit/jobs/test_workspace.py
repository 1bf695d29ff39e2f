"""A workspace refuses sources that its store cannot have, before a run starts."""

from pathlib import Path

import pytest

from newslake.pipeline.errors import ConfigError
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings


def test_inbox_in_a_bucket_needs_a_shared_store(tmp_path: Path) -> None:
    """An inbox in a bucket is refused on one machine, by the name of its section."""
    file = tmp_path / "sources.toml"
    file.write_text('[sources.desk]\nkind = "inbox"\nurl = "s3://news/inbox"\n')
    space = Workspace(Settings(data_dir=tmp_path / "data", sources_file=file))

    with pytest.raises(
        ConfigError, match=r"^\[sources\.desk\] url is .*: an inbox in a bucket needs NEWS_STORE=shared"
    ):
        space.check_inboxes()


@pytest.mark.parametrize(
    ("inbox", "archive"),
    [
        ("s3://news/main/inbox", "s3://news/main"),
        ("s3://news/main", "s3://news/main/archive/"),
        ("s3://news/main/", "s3://news/main"),
        ("s3://news/inbox", "s3://news"),
    ],
)
def test_inbox_within_the_archive_is_refused(tmp_path: Path, inbox: str, archive: str) -> None:
    """An inbox and an archive in one another are refused, by the names of both settings; neighbours are not."""
    file = tmp_path / "sources.toml"
    file.write_text(f'[sources.desk]\nkind = "inbox"\nurl = "{inbox}"\n')
    settings = Settings.load(data_dir=tmp_path / "data", sources_file=file, store="shared", objects_url=archive)

    with pytest.raises(ConfigError, match=r"^\[sources\.desk\] url is s3://news.* and NEWS_OBJECTS_URL is s3://news"):
        Workspace(settings).check_inboxes()
    Workspace(settings.replace(objects_url="s3://news/main2")).check_inboxes()
