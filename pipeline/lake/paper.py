"""datapackage.json in the lake's root: what lies there, for people and programs that know nothing of newslake."""

from collections.abc import Mapping
from pathlib import Path

from pipeline.lake.sizes import FileSize, Totals
from pipeline.lake.storage import PART, PUBLISH_ORDER
from pipeline.tables import LOG_TABLES, TableSpec
from pipeline.tables.datapackage import DataPackage, TableResource, package_bytes

PACKAGE = "datapackage.json"
_ABOUT = (
    "Plain Parquet, a file a table and day. Each `path` is a pattern, a glob that DuckDB, Polars and Spark open; "
    "the day stands only in the folder's name, which is a column for them. `created` is when the newest content was "
    "fetched. Join the reading tables on article_id and revision_id. Offsets count code points of articles.text."
)
_FORM: Mapping[str, object] = {"format": "parquet", "mediatype": "application/vnd.apache.parquet"}
_PACKAGE_SOURCES = ("Pages of the publishers whom articles.publisher names; articles.url says where each was.",)


def lake_package(totals: Totals, *, has_log: bool) -> bytes:
    """Return what the package of a lake says: a function of its tables alone, whenever and in whatever order made.

    Of the log, which grows beside the commits, it says no sizes.
    """
    tables = [_resource(spec, "tables", PART, totals.tables.get(spec.name, FileSize(0, 0))) for spec in _ARTICLES_FIRST]
    log = [_resource(spec, "log", "*.parquet", None) for spec in LOG_TABLES] if has_log else []
    return package_bytes(
        DataPackage(
            about=_ABOUT,
            resources=[*tables, *log],
            sources=_PACKAGE_SOURCES,
            has_text=True,
            first_day=totals.first_day,
            last_day=totals.last_day,
            fetched_at=totals.fetched_at,
        )
    )


_ARTICLES_FIRST = (PUBLISH_ORDER[-1], *PUBLISH_ORDER[:-1])  # articles first


def _resource(spec: TableSpec, folder: str, file: str, size: FileSize | None) -> TableResource:
    return TableResource(
        name=spec.name,
        about=spec.about,
        path=f"{folder}/{spec.name}/{spec.partition}=*/{file}",
        columns=spec.columns,
        key=spec.whole_key,
        form={**_FORM, "partition": {"name": spec.partition, "type": "date"}},
        rows=None if size is None else size.rows,
        bytes=None if size is None else size.bytes,
    )


def has_package(root: Path, package: bytes) -> bool:
    """Return whether a folder has this package already."""
    path = root / PACKAGE
    return path.is_file() and path.read_bytes() == package
