"""Where the shared tables are, from the settings: the catalog, and the bucket of its files."""

import os
import tomllib
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newslake.pipeline.errors import ConfigError
from newslake.pipeline.settings import Settings
from newslake.pipeline.shared.bucket import Bucket, BucketService, is_forked, open_bucket
from newslake.pipeline.shared.catalog import TransactionCatalog, token_url
from newslake.pipeline.shared.credentials import BucketKey, KeySource, WatchedFile, key_of
from newslake.pipeline.shared.patience import ProcessLock
from newslake.pipeline.shared.settings import SharedSettings, required
from newslake.pipeline.shared.table_files import FileRanges, ReadPlaces, SharedFiles
from newslake.pipeline.shared.tables import SharedPlaces
from newslake.pipeline.shared.upkeep import Warehouse

if TYPE_CHECKING:
    from newslake.pipeline.addons.share.engine_ddl import CatalogAddress

_READER_SECONDS = 20.0  # how long a reader waits for the bucket
_FILES: dict[tuple[object, ...], SharedFiles] = {}  # of this process, with what they keep in memory
_OPENING = ProcessLock()


def open_places(services: SharedSettings, objects: Bucket, *, service: BucketService, key: KeySource) -> SharedPlaces:
    """Return the places of the tables. ``objects`` has staged batches and the cache.

    Raises: ConfigError for a missing or wrong setting, StoreError for a service that cannot be used.
    """
    return SharedPlaces(
        catalog=_open_catalog(services, key),
        namespace=services.catalog_namespace,
        objects=objects,
        warehouse=_open_warehouse(services, service, key),
    )


def open_files(services: SharedSettings, *, service: BucketService, key: KeySource) -> SharedFiles:
    """Return the files of the tables for readers: those of this process, if it has opened them before.

    Raises: ConfigError for a missing or wrong setting, StoreError for a service that cannot be used.
    """
    # The files of the keys, not the keys: who replaces one uses the same entry.
    keys = services.objects_key_file, services.catalog_properties_file
    known = (os.getpid(), *keys, *_place_of(services), service)
    with _OPENING:
        if known not in _FILES:
            patient = replace(service, deadline_seconds=_READER_SECONDS)
            _FILES[known] = SharedFiles(partial(_open_to_read, services, patient, key), services.catalog_namespace)
        return _FILES[known]


def _open_to_read(services: SharedSettings, service: BucketService, key: KeySource) -> ReadPlaces:
    """Return what a reader needs, also in a process that was forked from a reader."""
    catalog, url = _open_catalog(services, key), _warehouse_url(services)
    if is_forked():
        return ReadPlaces(catalog, FileRanges(catalog, url), url)
    return ReadPlaces(catalog, open_bucket(url, service=service, key=key, is_writer=False), url)


def _place_of(services: SharedSettings) -> tuple[str | None, ...]:
    return services.catalog_url, services.catalog_warehouse, services.catalog_namespace


def _open_warehouse(services: SharedSettings, service: BucketService, key: KeySource) -> Warehouse:
    url = _warehouse_url(services)
    return Warehouse(open_bucket(url, service=service, key=key, is_writer=False), url)


def _warehouse_url(services: SharedSettings) -> str:
    warehouse = required("catalog_warehouse", services.catalog_warehouse).rstrip("/")
    return f"{warehouse}/{services.catalog_namespace}"


def _open_catalog(services: SharedSettings, key: KeySource) -> TransactionCatalog:
    file = services.catalog_properties_file
    more = None if file is None else WatchedFile(file, _read_properties)

    def properties() -> dict[str, Any]:
        return _properties_of(services, key_of(key)) | (more.content() if more is not None else {})

    return TransactionCatalog("newslake", allow_http=services.allow_http, current=properties, **properties())


def _properties_of(services: SharedSettings, key: BucketKey | None) -> dict[str, Any]:
    """Return the properties of the catalog that follow from the settings."""
    warehouse = required("catalog_warehouse", services.catalog_warehouse).rstrip("/")
    properties: dict[str, Any] = {"uri": required("catalog_url", services.catalog_url), "warehouse": warehouse}
    if services.objects_endpoint is not None:
        properties["s3.endpoint"] = services.objects_endpoint
    for part in ("s3", "client"):  # the bucket, and a catalog that wants signed requests
        if services.objects_region is not None:
            properties[f"{part}.region"] = services.objects_region
        if key is not None:
            properties |= {f"{part}.access-key-id": key.access_key, f"{part}.secret-access-key": key.secret_key}
        if key is not None and key.token is not None:
            properties[f"{part}.session-token"] = key.token
    return properties


def _read_properties(file: Path) -> dict[str, Any]:
    """Return the properties in a file.

    Raises: ConfigError; its message has no line of the file, which may be secret.
    """
    try:
        properties = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        message = f"NEWS_CATALOG_PROPERTIES_FILE names {file.absolute()}, which does not exist"
        raise ConfigError(message, key=str(file), reason="properties_file") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        message = f"{file} is not a TOML file with properties of the catalog; correct it ({type(error).__name__})"
        raise ConfigError(message, key=str(file), reason="properties_file") from None
    if wrong := sorted(name for name, value in properties.items() if not isinstance(value, str)):
        message = f"{file}: {wrong[0]} is not a text; write \"{wrong[0]}\" = 'value', with the name in quotation marks"
        raise ConfigError(message, key=str(file), reason="properties_file")
    return properties


def catalog_address_of(settings: Settings) -> "CatalogAddress":
    """Return where other engines find the tables. Raises: ConfigError for a missing or wrong setting."""
    from newslake.pipeline.addons.share.engine_ddl import CatalogAddress  # noqa: PLC0415 - only `ddl` needs it

    services = settings.of(SharedSettings)
    return CatalogAddress(
        url=required("catalog_url", services.catalog_url),
        warehouse=required("catalog_warehouse", services.catalog_warehouse),
        namespace=services.catalog_namespace,
        endpoint=services.objects_endpoint,
        region=services.objects_region,
        token_url=_token_url(services),
    )


def _token_url(services: SharedSettings) -> str | None:
    """Return where the catalog gives tokens for the client credential of its properties; None without one."""
    file = services.catalog_properties_file
    properties = {} if file is None else _read_properties(file)
    uri = required("catalog_url", services.catalog_url)
    return token_url({"uri": uri, **properties}) if "credential" in properties else None
