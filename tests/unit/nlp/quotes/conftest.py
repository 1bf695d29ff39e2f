"""The rules of quotes are tested by the likeliest speaker, however unsure one sentence alone leaves them."""

from dataclasses import replace

import pytest

from newslake.pipeline.nlp.languages import LANGUAGES


@pytest.fixture(autouse=True)
def _believe_every_speaker(monkeypatch, request):
    """Believe every speaker, except in tests of the confidence itself."""
    if request.path.stem != "test_confidence":
        english = LANGUAGES["en"]
        cues = replace(english.cues, classifier=replace(english.cues.classifier, least=0.0))
        monkeypatch.setattr("newslake.pipeline.nlp.annotator.LANGUAGES", {"en": replace(english, cues=cues)})
