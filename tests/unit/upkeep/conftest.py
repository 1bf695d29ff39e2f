"""An add-on of another distribution."""

from collections.abc import Iterator

import pytest

from newslake.pipeline.addon_registry import addons_of
from tests.unit.upkeep.rival_addon import Rival
from tests.unit.upkeep.town import after_a_week, server, space, town  # noqa: F401 - fixtures


@pytest.fixture
def rival() -> Iterator[Rival]:
    """The add-on, which is installed until the end of the test."""
    with pytest.MonkeyPatch.context() as patch:
        rival = Rival(patch)
        rival.install()
        yield rival
    addons_of.cache_clear()
