"""The settings of alerts."""

from pathlib import Path

from pydantic import Field

from newslake.pipeline.settings import AddonSettings


class AlertSettings(AddonSettings):
    """The file of the alert rules."""

    alerts_file: Path = Field(
        Path("alerts.toml"), description="The file with your alert rules. Without the file, no rule is checked."
    )
