"""All code that depends on Airflow: assets, defaults, triggers, shared tasks, Newsroom, a local Airflow."""
