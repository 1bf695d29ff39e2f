"""All that knows Airflow: assets, the day of a run, defaults, and the one call from a task into a stage."""
