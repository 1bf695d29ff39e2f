"""Where the shared tables are, from the settings: the catalog, and the bucket of its files."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any

from pipeline.errors import ConfigError
from pipeline.settings import Settings, required
from pipeline.shared.bucket import BucketKey, BucketService, open_bucket
from pipeline.shared.catalog import TransactionCatalog
from pipeline.shared.table_files import SharedFiles
from pipeline.shared.tables import SharedPlaces
from pipeline.shared.upkeep import Warehouse
from pipeline.store.objects import Objects

_READER_SECONDS = 20.0  # how long a reader waits for the bucket
_FILES: dict[tuple[object, ...], SharedFiles] = {}  # of this process, with what they keep in memory
_OPENING = Lock()


def open_places(settings: Settings, objects: Objects, *, service: BucketService, key: BucketKey | None) -> SharedPlaces:
    """Return the places of the tables. ``objects`` has staged batches and the cache.

    Raises: ConfigError for a missing or wrong setting, StoreError for a service that cannot be used.
    """
    return SharedPlaces(
        catalog=_open_catalog(settings, key),
        namespace=settings.catalog_namespace,
        objects=objects,
        warehouse=_open_warehouse(settings, service, key),
    )


def open_files(settings: Settings, *, service: BucketService, key: BucketKey | None) -> SharedFiles:
    """Return the files of the tables for readers: those of this process, if it has opened them before.

    Raises: ConfigError for a missing or wrong setting, StoreError for a service that cannot be used.
    """
    known = (os.getpid(), settings.catalog_properties_file, *_place_of(settings), service, key)
    with _OPENING:
        if known not in _FILES:
            patient = replace(service, deadline_seconds=_READER_SECONDS)
            warehouse = _open_warehouse(settings, patient, key)
            _FILES[known] = SharedFiles(_open_catalog(settings, key), settings.catalog_namespace, warehouse)
        return _FILES[known]


def _place_of(settings: Settings) -> tuple[str | None, ...]:
    return settings.catalog_url, settings.catalog_warehouse, settings.catalog_namespace


def _open_warehouse(settings: Settings, service: BucketService, key: BucketKey | None) -> Warehouse:
    warehouse = required("catalog_warehouse", settings.catalog_warehouse).rstrip("/")
    url = f"{warehouse}/{settings.catalog_namespace}"
    return Warehouse(open_bucket(url, service=service, key=key, is_writer=False), url)


def _open_catalog(settings: Settings, key: BucketKey | None) -> TransactionCatalog:
    warehouse = required("catalog_warehouse", settings.catalog_warehouse).rstrip("/")
    given: dict[str, Any] = {"uri": required("catalog_url", settings.catalog_url), "warehouse": warehouse}
    if settings.objects_endpoint is not None:
        given["s3.endpoint"] = settings.objects_endpoint
    for part in ("s3", "client"):  # the bucket, and a catalog that wants signed requests
        if settings.objects_region is not None:
            given[f"{part}.region"] = settings.objects_region
        if key is not None:
            given |= {f"{part}.access-key-id": key.access_key, f"{part}.secret-access-key": key.secret_key}
        if key is not None and key.token is not None:
            given[f"{part}.session-token"] = key.token
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
