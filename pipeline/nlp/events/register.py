"""Register: features of the kind of text, by words that are frequent in some kinds: is it news?

News reports what named people and places did and said, in the past tense; advice and manuals address the reader,
memoirs and fiction speak in the first person. These counts separate registers in Biber, "Variation across Speech and
Writing" (1988).
"""

from collections import Counter
from collections.abc import Collection

from newslake.pipeline.nlp.events.parse import Parse
from newslake.pipeline.nlp.languages.spec_events import FrameData

_STEPS = {  # shares of the text's tokens, except for past: of its finite verbs
    "you": (0.002, 0.006, 0.015),
    "I": (0.002, 0.006, 0.015),
    "saying": (0.004, 0.01, 0.016),
    "names": (0.02, 0.05, 0.08, 0.11),
    "time": (0.004, 0.01, 0.02, 0.03),
    "past": (0.2, 0.4, 0.6, 0.8),
}
_LENGTHS = (150, 400, 800, 1600, 3200)  # tokens
_PAST, _PRESENT = ("VBD",), ("VBZ", "VBP")

# Grammatical persons; they are English, as all weights of the classifier are.
PERSONS = {word: "I" for word in ("i", "we", "me", "us", "my", "our")} | {word: "you" for word in ("you", "your")}


def register_features(parse: Parse, data: FrameData) -> tuple[str, ...]:
    """Return features of the register of a text, one per step that a share reaches: "register:you>=0.006".

    Empty for a text without tokens.
    """
    total = len(parse.lower)
    if not total:
        return ()
    shares = _shares(parse, data, total)
    features = [f"{name}>={step}" for name, share in shares.items() for step in _STEPS[name] if share >= step]
    features.extend(f"tokens>={step}" for step in _LENGTHS if total >= step)
    return tuple(f"register:{feature}" for feature in features)


def _shares(parse: Parse, data: FrameData, total: int) -> dict[str, float]:
    """Return the share of each kind of word or mention, by the names of ``_STEPS``."""
    persons = Counter(PERSONS[word] for word in parse.lower if word in PERSONS)
    tags = Counter(parse.tag)
    past, present = _sum(tags, _PAST), _sum(tags, _PRESENT)
    return {
        "you": persons["you"] / total,
        "I": persons["I"] / total,
        "saying": _sum(Counter(parse.lemma), data.modality.saying) / total,
        "names": sum(each.mention_kind == "name" for each in parse.entities) / total,
        "time": len(parse.in_time) / total,
        "past": past / (past + present or 1),
    }


def _sum(counts: Counter[str], words: Collection[str]) -> int:
    """Return how often the words occur together."""
    return sum(counts[word] for word in words)
