"""Where readers find the tables of the selected store, without opening its other parts."""

from typing import TYPE_CHECKING

from newslake.pipeline.settings import Settings

if TYPE_CHECKING:
    from newslake.pipeline.store.table_files import LakePlace


def place_of(settings: Settings) -> "LakePlace":
    """Return the place of the tables. On one machine nothing is loaded for it. Raises: ConfigError, StoreError."""
    if settings.store == "local":
        return settings.lake_dir
    from newslake.pipeline.jobs.stores import open_store  # noqa: PLC0415 - it loads the clients of all parts

    return open_store(settings).files
