"""What all tests share: no NEWS_ setting of this machine, and one language model a session."""

import os

import pytest


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the NEWS_ settings of whoever runs the tests out of them."""
    for name in [name for name in os.environ if name.startswith("NEWS_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def nlp():
    """The default language model, loaded once."""
    from pipeline.nlp import load_model
    from pipeline.settings import Settings

    return load_model(Settings.model_fields["spacy_model"].default)
