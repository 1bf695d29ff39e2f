"""newslake: news pages in, tables of articles, entities, quotes and events out.

Airflow decides when a job runs (``dags/``, ``plugins/``); this package decides what it does. docs/architecture.md shows
the packages and their dependencies, and tests/architecture enforces them.
"""

__version__ = "0.1.0"
