"""A small lake for the queries of Newsroom."""

from tests.unit.query.conftest import small_lake, write_rows

__all__ = ["small_lake", "write_rows"]
