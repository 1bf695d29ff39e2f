"""The add-on airflow: Airflow's command line, and the settings of the Airflow on one machine.

What knows Airflow is in `plugins/news_airflow`.
"""
