"""The settings of the add-on shared: where the services of a shared store are."""

from pathlib import Path

from pydantic import Field, SecretStr

from newslake.pipeline.environment import PREFIX
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.settings import AddonSettings

_NAME = r"^[a-z][a-z0-9_]{0,62}$"  # needs no quotation in SQL


class SharedSettings(AddonSettings):
    """The services of a shared store. A secret is a file, or a variable that no message repeats."""

    database_url: SecretStr | None = Field(
        None, description="The PostgreSQL of the shared store: `postgresql://USER@HOST:5432/DATABASE`."
    )
    database_password_file: Path | None = Field(
        None, description="The file with the password of `NEWS_DATABASE_URL`, if the URL has none."
    )
    database_schema: str = Field(
        "newslake",
        pattern=_NAME,
        description="The schema of the shared store's tables in PostgreSQL. Two stores in one database differ in it.",
    )
    objects_url: str | None = Field(
        None, description="Bucket and prefix of the shared store's archive: `s3://BUCKET/PREFIX`."
    )
    objects_endpoint: str | None = Field(
        None, description="The address of the object storage, `https://HOST:PORT`; if not set, Amazon S3."
    )
    objects_region: str | None = Field(None, description="The region of the object storage.")
    objects_key_file: Path | None = Field(
        None,
        description="The file with the key of the object storage, in the form of `~/.aws/credentials`; if not set, "
        "`AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, or the role of the machine.",
    )
    catalog_url: str | None = Field(
        None, description="The Iceberg REST catalog of the shared store's tables: `https://HOST:PORT/PATH`."
    )
    catalog_warehouse: str | None = Field(
        None, description="The warehouse of the catalog, with the bucket of its files: `s3://BUCKET`."
    )
    catalog_namespace: str = Field(
        "newslake", pattern=_NAME, description="The namespace of the shared store's tables in the catalog."
    )
    catalog_properties_file: Path | None = Field(
        None,
        description="A TOML file with more properties of the catalog, as pyiceberg names them, such as `token`, "
        "`credential` or `rest.sigv4-enabled`.",
    )
    allow_http: bool = Field(
        False,
        description="`true` lets object storage and catalog be reached without encryption. Only for a private network.",
    )


def required(name: str, value: str | None) -> str:
    """Return the value of a setting. Raises: ConfigError if it is not set."""
    if value is None:
        key = f"{PREFIX}{name.upper()}"
        raise ConfigError(f"{key} is not set, and {PREFIX}STORE=shared needs it; see docs/addons/shared.md", key=key)
    return value
