"""newslake: news pages in, tables of articles, entities, quotes and events out.

Airflow decides when (``dags/``, ``plugins/``); this package decides what. The rooms and
the arrows between them are drawn in docs/architecture.md and kept by tests/architecture.
"""

__version__ = "0.1.0"
