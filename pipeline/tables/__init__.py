"""The contract: every table and column, declared once. Arrow schemas, docs and checks come from it."""

from pipeline.tables.checks import check_batch, check_genders, check_offsets, check_rows
from pipeline.tables.cluster_schema import CLUSTER_TABLES
from pipeline.tables.log_schema import LOG_TABLES
from pipeline.tables.rows import annotation_rows, combine_versions, rows_table
from pipeline.tables.schema import ANNOTATION_TABLES, SCHEMA_VERSION, TABLES, table_named
from pipeline.tables.spec import Column, TableSpec

__all__ = [
    "ANNOTATION_TABLES",
    "CLUSTER_TABLES",
    "LOG_TABLES",
    "SCHEMA_VERSION",
    "TABLES",
    "Column",
    "TableSpec",
    "annotation_rows",
    "check_batch",
    "check_genders",
    "check_offsets",
    "check_rows",
    "combine_versions",
    "rows_table",
    "table_named",
]
