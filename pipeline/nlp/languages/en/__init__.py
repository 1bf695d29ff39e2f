"""English."""

from newslake.pipeline.nlp.languages.en.cues import CUES
from newslake.pipeline.nlp.languages.en.frames import FRAMES
from newslake.pipeline.nlp.languages.en.names import NAMES
from newslake.pipeline.nlp.languages.en.times import TIMES
from newslake.pipeline.nlp.languages.spec import LanguageData

ENGLISH = LanguageData(code="en", names=NAMES, cues=CUES, frames=FRAMES, times=TIMES)
