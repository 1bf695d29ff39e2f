"""The add-on newsroom: the pages for readers."""

from newslake.pipeline.hooks import AddonInfo, implementation


@implementation
def addon_info() -> AddonInfo:
    """Return what the add-on is."""
    return AddonInfo("newsroom", "Newsroom", fits=("airflow",))
