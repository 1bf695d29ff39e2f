"""One Chromium a module, one sample newsroom and one Airflow for all of them."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from samples.chromium import MISSING, chromium, is_installed
from tests.browser.watch import Gate

REQUIRED = "NEWSLAKE_BROWSER_REQUIRED"  # .ci/run sets it: there a missing browser is a failure


@pytest.fixture(scope="session")
def _installed() -> None:
    if is_installed():
        return
    if os.environ.get(REQUIRED):
        pytest.fail(MISSING)
    pytest.skip(MISSING)


@pytest.fixture(scope="module")
def gate(_installed: None) -> Iterator[Gate]:
    """What all connections of the browser that leave loopback run into; none may, in any test of the module."""
    opened = Gate()
    yield opened
    opened.close()
    assert opened.asked == []


@pytest.fixture(scope="module")
def browser(gate: Gate) -> Iterator[Browser]:
    """A browser of the module's own: while it is there, no other test can run an event loop."""
    with chromium(proxy=gate.address) as started:
        yield started
