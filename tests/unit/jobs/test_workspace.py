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


@pytest.mark.addons
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


@pytest.mark.parametrize(("store", "addons"), [("shared", "none"), ("shred", "all")])
def test_store_that_no_addon_has_is_refused(tmp_path: Path, store: str, addons: str) -> None:
    """A store of an add-on that is not loaded, and one that does not exist, are errors that name the setting."""
    settings = Settings.load(data_dir=tmp_path, store=store, addons=addons)

    with pytest.raises(ConfigError, match=f"^NEWS_STORE={store}: no add-on that is loaded has this store") as caught:
        assert Workspace(settings).archive
    assert caught.value.reason == "store_unknown"
