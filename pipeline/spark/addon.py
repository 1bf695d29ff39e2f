"""The add-on spark: backfills on Apache Spark."""

from newslake.pipeline.hooks import AddonInfo, Command, implementation


@implementation
def addon_info() -> AddonInfo:
    """Return what the add-on is."""
    return AddonInfo("spark", "Many machines", extra="spark")


@implementation
def commands() -> list[Command]:
    """Return the commands of the add-on."""
    return [
        Command(
            "spark", "newslake.pipeline.spark.commands:spark_app", "Fill the tables from the archive on Apache Spark."
        ),
    ]
