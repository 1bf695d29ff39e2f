"""Where the shared tables are, from the settings: the catalog, and the bucket of its files."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError
from pipeline.settings import Settings, required
from pipeline.shared.bucket import BucketKey, BucketService, open_bucket
from pipeline.shared.catalog import TransactionCatalog
from pipeline.shared.tables import SharedPlaces
from pipeline.shared.upkeep import Warehouse
from pipeline.store.objects import Objects


def open_places(settings: Settings, objects: Objects, *, service: BucketService, key: BucketKey | None) -> SharedPlaces:
    """Return the places of the tables. ``objects`` has staged batches and the cache.

    Raises: ConfigError for a missing or wrong setting, StoreError for a service that cannot be used.
    """
    warehouse = required("catalog_warehouse", settings.catalog_warehouse).rstrip("/")
    url = f"{warehouse}/{settings.catalog_namespace}"
    return SharedPlaces(
        catalog=_open_catalog(settings, warehouse, key),
        namespace=settings.catalog_namespace,
        objects=objects,
        warehouse=Warehouse(open_bucket(url, service=service, key=key, is_writer=False), url),
    )


def _open_catalog(settings: Settings, warehouse: str, key: BucketKey | None) -> TransactionCatalog:
    given: dict[str, Any] = {"uri": required("catalog_url", settings.catalog_url), "warehouse": warehouse}
    if settings.objects_endpoint is not None:
        given["s3.endpoint"] = settings.objects_endpoint
    if settings.objects_region is not None:
        given["s3.region"] = settings.objects_region
    if key is not None:
        given |= {"s3.access-key-id": key.access_key, "s3.secret-access-key": key.secret_key}
    if key is not None and key.token is not None:
        given["s3.session-token"] = key.token
    given |= _read_properties(settings.catalog_properties_file)
    return TransactionCatalog("newslake", allow_http=settings.allow_http, **given)


def _read_properties(file: Path | None) -> Mapping[str, str]:
    """Return the properties in a file.

    Raises: ConfigError; its message has no line of the file, which may be secret.
    """
    if file is None:
        return {}
    try:
        given = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        message = f"{file} is not a TOML file with properties of the catalog; correct it ({type(error).__name__})"
        raise ConfigError(message, key=str(file), reason="properties_file") from None
    if wrong := sorted(name for name, value in given.items() if not isinstance(value, str)):
        message = f"{file}: {wrong[0]} is not a text; write \"{wrong[0]}\" = 'value', with the name in quotation marks"
        raise ConfigError(message, key=str(file), reason="properties_file")
    return given
