"""One Chromium per module; one sample newsroom and one Airflow for all modules."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from samples.answers import replay_newsroom
from samples.chromium import MISSING, chromium, is_installed
from tests.browser.airflow import airflow_pages
from tests.browser.watch import Gate

_ICON = re.compile(r"GET http://[a-z]+\.invalid/favicon\.ico ")  # by the browser, for a page of a mocked site
REQUIRED = "NEWSLAKE_BROWSER_REQUIRED"  # set by .ci/run, where a missing browser is a failure


@pytest.fixture(scope="session")
def _installed() -> None:
    if is_installed():
        return
    if os.environ.get(REQUIRED):
        pytest.fail(MISSING)
    pytest.skip(MISSING)


@pytest.fixture(scope="module")
def gate(_installed: None) -> Iterator[Gate]:
    """The proxy for all connections of the browser that leave loopback; no test of the module may open one."""
    opened = Gate()
    yield opened
    opened.close()
    assert [each for each in opened.requests if not _ICON.match(each)] == []


@pytest.fixture(scope="module")
def browser(gate: Gate) -> Iterator[Browser]:
    """The module's own browser: while it runs, no other test can run an event loop."""
    with chromium(proxy=gate.address) as started:
        yield started


@pytest.fixture(scope="session")
def data_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data root of the sample newsroom."""
    return tmp_path_factory.mktemp("newsroom").resolve()


@pytest.fixture(scope="session")
def _starting(_installed: None, data_root: Path) -> Iterator[Callable[[], str]]:
    with airflow_pages(data_root) as wait:
        yield wait


@pytest.fixture(scope="session")
def sample(_installed: None, data_root: Path) -> Path:
    """The data root after three evenings of the sample newsroom; it contains the lake."""
    replay_newsroom(data_root, port=0)
    return data_root


@pytest.fixture(scope="session")
def origin(_starting: Callable[[], str], sample: Path) -> str:
    """The origin of an Airflow with our plugin and the sample newsroom; it starts while the newsroom is replayed."""
    return _starting()
