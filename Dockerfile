# One image for every Airflow component and worker: the locked environment and the project, nothing at run time.
FROM python:3.13-slim
ENV PYTHONUNBUFFERED=1 AIRFLOW_HOME=/opt/airflow PYTHONPATH=/opt/newslake:/opt/newslake/plugins
WORKDIR /opt/newslake
COPY requirements.txt requirements-cluster.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements.txt -r requirements-cluster.txt \
 && useradd --uid 50000 --gid 0 --create-home airflow && mkdir -p /opt/airflow /data && chown 50000:0 /opt/airflow /data
COPY --chown=50000:0 pipeline pipeline
COPY --chown=50000:0 plugins plugins
COPY --chown=50000:0 dags dags
COPY --chown=50000:0 sources.toml ./
USER 50000
ENTRYPOINT ["python", "-m", "airflow"]
