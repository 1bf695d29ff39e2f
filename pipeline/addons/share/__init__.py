"""Exports of the tables: a folder of Parquet, CSV or SQLite, with or without text, and its documentation."""
