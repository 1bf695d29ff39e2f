"""A workspace refuses sources that its store cannot have, before a run starts."""

from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.jobs.workspace import Workspace
from pipeline.settings import Settings


def test_inbox_in_a_bucket_needs_a_shared_store(tmp_path: Path) -> None:
    """An inbox in a bucket is refused on one machine, by the name of its section."""
    file = tmp_path / "sources.toml"
    file.write_text('[sources.desk]\nkind = "inbox"\nurl = "s3://news/inbox"\n')
    space = Workspace(Settings(data_dir=tmp_path / "data", sources_file=file))

    with pytest.raises(ConfigError, match=r"^\[sources\.desk\]: an inbox in a bucket needs NEWS_STORE=shared"):
        space.check_inboxes()
