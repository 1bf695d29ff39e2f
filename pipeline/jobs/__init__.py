"""What Airflow and `newslake run` execute: list, fetch, archive, derive, commit, cluster.

``workspace`` opens what a job works on; ``tasks`` offers the jobs to Airflow, with JSON in and out.
"""
