"""English."""

from pipeline.nlp.languages.en.cues import CUES
from pipeline.nlp.languages.en.frames import FRAMES
from pipeline.nlp.languages.en.names import NAMES
from pipeline.nlp.languages.en.times import TIMES
from pipeline.nlp.languages.spec import LanguageData

ENGLISH = LanguageData(code="en", names=NAMES, cues=CUES, frames=FRAMES, times=TIMES)
