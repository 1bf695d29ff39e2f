"""Copies of the tables for others: a folder of Parquet, CSV or SQLite, with or without text, and their papers."""

from pipeline.exports.export import FORMS, Exported, Form, Selection, export

__all__ = ["FORMS", "Exported", "Form", "Selection", "export"]
