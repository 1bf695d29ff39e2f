"""Shared by all tests: no settings and paths of this shell, one language model per process, the table of faults."""

import gc
import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.faults.lake import tally
from tests.scheduling import FolderScheduling, longest_first

# Processes that tests start find this checkout, as by the editable install, and nothing that only this shell adds.
os.environ["PYTHONPATH"] = str(Path(__file__).resolve().parents[1])

# Compiled modules are kept, also those of pytest: else each process that a test starts compiles all its imports again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Hypothesis' own limit for one example is 0.2 s, which a busy machine exceeds, as it does a few seconds.
settings.register_profile("newslake", deadline=timedelta(seconds=30), suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("newslake")


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Name bytes by their argument: compressed bytes contain the time, but names must be the same in all processes."""
    return argname if isinstance(val, bytes) else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the slowest folders first."""
    longest_first(items)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Keep the garbage collector from the modules and tests, which all stay: it would visit them again and again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FolderScheduling:
    """Give each process of ``-n`` whole folders."""
    return FolderScheduling(config, log)


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the NEWS_ settings of the environment, but the list of add-ons: `make core` loads none."""
    for name in [name for name in os.environ if name.startswith("NEWS_") and name != "NEWS_ADDONS"]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def nlp():
    """The default language model, loaded once."""
    from newslake.pipeline.nlp import load_model
    from newslake.pipeline.settings import Settings

    model = load_model(Settings.model_fields["spacy_model"].default)
    gc.collect()
    gc.freeze()
    return model


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand over the counts of a worker process."""
    if (given := getattr(session.config, "workeroutput", None)) is not None:
        given["forms"] = tally.collected_forms()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Add the counts of a worker process; a crashed process has none."""
    tally.add(getattr(node, "workeroutput", {}).get("forms", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if tally.FORMS:
        terminalreporter.write_line("")
        for line in tally.summary_lines():
            terminalreporter.write_line(line)
