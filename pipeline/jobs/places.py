"""Where readers find the tables of the selected store, without opening its other parts."""

from typing import TYPE_CHECKING

from newslake.pipeline.extras import require_extra
from newslake.pipeline.settings import Settings

if TYPE_CHECKING:
    from newslake.pipeline.store.table_files import LakePlace


def place_of(settings: Settings) -> "LakePlace":
    """Return the place of the tables. On one machine nothing is loaded for it. Raises: ConfigError, StoreError."""
    if settings.store == "local":
        return settings.lake_dir
    from newslake.pipeline.jobs.stores import open_store  # noqa: PLC0415 - it loads the clients of all parts

    return open_store(settings).files


def token_url_of(settings: Settings) -> str | None:
    """Return where the catalog of a shared store gives tokens for a client credential; None if it wants none.

    Raises: ConfigError for a file of properties that cannot be used, and without the extra ``shared``.
    """
    if settings.catalog_properties_file is None:
        return None
    require_extra("shared")
    from newslake.pipeline.shared.table_places import token_url_of as find  # noqa: PLC0415 - it loads the clients of all parts

    return find(settings)
