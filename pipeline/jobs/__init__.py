"""What Airflow and `newslake run` execute: list, fetch, archive, derive, commit, cluster.

``workspace`` opens what a job works on; ``run`` joins the jobs of a day.
"""
