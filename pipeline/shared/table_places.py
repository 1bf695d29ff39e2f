"""Where the shared tables are, from the settings: the catalog, and the bucket of its files."""

import os
import tomllib
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from newslake.pipeline.errors import ConfigError
from newslake.pipeline.settings import Settings, required
from newslake.pipeline.shared.bucket import BucketService, is_forked, open_bucket
from newslake.pipeline.shared.catalog import TransactionCatalog, token_url
from newslake.pipeline.shared.credentials import BucketKey, KeySource, WatchedFile, key_of
from newslake.pipeline.shared.objects import Objects
from newslake.pipeline.shared.patience import ProcessLock
from newslake.pipeline.shared.table_files import FileRanges, ReadPlaces, SharedFiles
from newslake.pipeline.shared.tables import SharedPlaces
from newslake.pipeline.shared.upkeep import Warehouse

_READER_SECONDS = 20.0  # how long a reader waits for the bucket
_FILES: dict[tuple[object, ...], SharedFiles] = {}  # of this process, with what they keep in memory
_OPENING = ProcessLock()


def open_places(settings: Settings, objects: Objects, *, service: BucketService, key: KeySource) -> SharedPlaces:
    """Return the places of the tables. ``objects`` has staged batches and the cache.

    Raises: ConfigError for a missing or wrong setting, StoreError for a service that cannot be used.
    """
    return SharedPlaces(
        catalog=_open_catalog(settings, key),
        namespace=settings.catalog_namespace,
        objects=objects,
        warehouse=_open_warehouse(settings, service, key),
    )


def open_files(settings: Settings, *, service: BucketService, key: KeySource) -> SharedFiles:
    """Return the files of the tables for readers: those of this process, if it has opened them before.

    Raises: ConfigError for a missing or wrong setting, StoreError for a service that cannot be used.
    """
    # The files of the keys, not the keys: who replaces one uses the same entry.
    keys = settings.objects_key_file, settings.catalog_properties_file
    known = (os.getpid(), *keys, *_place_of(settings), service)
    with _OPENING:
        if known not in _FILES:
            patient = replace(service, deadline_seconds=_READER_SECONDS)
            _FILES[known] = SharedFiles(partial(_open_to_read, settings, patient, key), settings.catalog_namespace)
        return _FILES[known]


def _open_to_read(settings: Settings, service: BucketService, key: KeySource) -> ReadPlaces:
    """Return what a reader needs, also in a process that was forked from a reader."""
    catalog, url = _open_catalog(settings, key), _warehouse_url(settings)
    if is_forked():
        return ReadPlaces(catalog, FileRanges(catalog, url), url)
    return ReadPlaces(catalog, open_bucket(url, service=service, key=key, is_writer=False), url)


def _place_of(settings: Settings) -> tuple[str | None, ...]:
    return settings.catalog_url, settings.catalog_warehouse, settings.catalog_namespace


def _open_warehouse(settings: Settings, service: BucketService, key: KeySource) -> Warehouse:
    url = _warehouse_url(settings)
    return Warehouse(open_bucket(url, service=service, key=key, is_writer=False), url)


def _warehouse_url(settings: Settings) -> str:
    warehouse = required("catalog_warehouse", settings.catalog_warehouse).rstrip("/")
    return f"{warehouse}/{settings.catalog_namespace}"


def _open_catalog(settings: Settings, key: KeySource) -> TransactionCatalog:
    file = settings.catalog_properties_file
    own = None if file is None else WatchedFile(file, _read_properties)

    def properties() -> dict[str, Any]:
        return _properties_of(settings, key_of(key)) | (own.content() if own is not None else {})

    return TransactionCatalog("newslake", allow_http=settings.allow_http, current=properties, **properties())


def _properties_of(settings: Settings, key: BucketKey | None) -> dict[str, Any]:
    """Return the properties of the catalog that follow from the settings."""
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
    return given


def _read_properties(file: Path) -> dict[str, Any]:
    """Return the properties in a file.

    Raises: ConfigError; its message has no line of the file, which may be secret.
    """
    try:
        given = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        message = f"NEWS_CATALOG_PROPERTIES_FILE names {file.absolute()}, which does not exist"
        raise ConfigError(message, key=str(file), reason="properties_file") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        message = f"{file} is not a TOML file with properties of the catalog; correct it ({type(error).__name__})"
        raise ConfigError(message, key=str(file), reason="properties_file") from None
    if wrong := sorted(name for name, value in given.items() if not isinstance(value, str)):
        message = f"{file}: {wrong[0]} is not a text; write \"{wrong[0]}\" = 'value', with the name in quotation marks"
        raise ConfigError(message, key=str(file), reason="properties_file")
    return given


def token_url_of(settings: Settings) -> str | None:
    """Return where the catalog gives tokens for the client credential of its properties; None without one.

    Raises: ConfigError.
    """
    file = settings.catalog_properties_file
    given = {} if file is None else _read_properties(file)
    uri = required("catalog_url", settings.catalog_url)
    return token_url({"uri": uri, **given}) if "credential" in given else None
