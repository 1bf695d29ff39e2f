"""Data roots after a week, for tests of takedowns."""

from tests.unit.upkeep.town import after_a_week, server, space, town  # noqa: F401 - fixtures
