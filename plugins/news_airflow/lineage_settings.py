"""Settings of Airflow's OpenLineage provider, without its libraries: ``make up`` reads them at each start."""

from collections.abc import Mapping

NAMESPACE = "news"  # of our datasets; that of jobs is AIRFLOW__OPENLINEAGE__NAMESPACE
# Each of these variables switches lineage on.
SWITCHES = (
    "AIRFLOW__OPENLINEAGE__TRANSPORT",
    "AIRFLOW__OPENLINEAGE__CONFIG_PATH",
    "AIRFLOW__OPENLINEAGE__CONN_ID",
    "OPENLINEAGE_URL",
    "OPENLINEAGE_CONFIG",
)


def lineage_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the settings with which Airflow sends lineage with our datasets, if the environment has a transport."""
    if not any(environment.get(name) for name in SWITCHES) and not any(
        name.startswith("OPENLINEAGE__TRANSPORT") and value for name, value in environment.items()
    ):
        return {}
    return {
        "AIRFLOW__OPENLINEAGE__NAMESPACE": "newslake",
        "AIRFLOW__OPENLINEAGE__EXTRACTORS": "news_airflow.lineage.NewsExtractor",
        "AIRFLOW__OPENLINEAGE__DISABLE_SOURCE_CODE": "True",
        **_transport_of_url(environment),
    }


def _transport_of_url(environment: Mapping[str, str]) -> dict[str, str]:
    """Return OPENLINEAGE_URL as a configuration by type, for which the client takes our transport, not its first one.

    Nothing else may configure the client: it would mix the two.
    """
    others = [name for name in SWITCHES if name != "OPENLINEAGE_URL"]
    if not (url := environment.get("OPENLINEAGE_URL")) or any(environment.get(name) for name in others):
        return {}
    if any(name.startswith("OPENLINEAGE__TRANSPORT") for name in environment):
        return {}
    start = "OPENLINEAGE__TRANSPORT__"
    settings = {f"{start}TYPE": "http", f"{start}URL": url}
    if endpoint := environment.get("OPENLINEAGE_ENDPOINT"):
        settings[f"{start}ENDPOINT"] = endpoint
    if key := environment.get("OPENLINEAGE_API_KEY"):
        settings |= {f"{start}AUTH__TYPE": "api_key", f"{start}AUTH__API_KEY": key}
    return settings
