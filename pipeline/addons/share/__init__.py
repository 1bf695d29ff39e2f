"""Exports of the tables: a folder of Parquet, CSV or SQLite, with or without text, and its documentation."""

from newslake.pipeline.addons.share.export import FORMS, ExportReport, Form, Selection, export

__all__ = ["FORMS", "ExportReport", "Form", "Selection", "export"]
