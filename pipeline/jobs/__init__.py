"""The only place where the rooms meet: list, fetch, archive, derive, commit, cluster.

``workspace`` opens what a stage works on; ``tasks`` is the same stages with JSON in and out, for Airflow.
"""
