"""The contract: every table and column, declared once. Arrow schemas, docs and checks come from it."""

from newslake.pipeline.tables.checks import check_batch, check_genders, check_offsets, check_rows
from newslake.pipeline.tables.cluster_schema import CLUSTER_TABLES
from newslake.pipeline.tables.log_schema import LOG_TABLES
from newslake.pipeline.tables.rows import annotation_rows, combine_versions, rows_table
from newslake.pipeline.tables.schema import ANNOTATION_TABLES, SCHEMA_VERSION, TABLE_SPECS, TABLES
from newslake.pipeline.tables.spec import Column, TableSpec

__all__ = [
    "ANNOTATION_TABLES",
    "CLUSTER_TABLES",
    "LOG_TABLES",
    "SCHEMA_VERSION",
    "TABLES",
    "TABLE_SPECS",
    "Column",
    "TableSpec",
    "annotation_rows",
    "check_batch",
    "check_genders",
    "check_offsets",
    "check_rows",
    "combine_versions",
    "rows_table",
]
