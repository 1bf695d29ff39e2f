"""The content of the articles of a large lake: thousands of stories at once, as arrays, with correct offsets.

Every text is a sequence of pieces from one vocabulary, so that the start of a piece is a running sum of lengths.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
Earlier = dict[str, dict[str, Ints]]  # columns of quotes and events of an earlier day
PEOPLE, BODIES, PLACES = 40_000, 8_000, 3_000
TYPES = np.array(["PERSON", "ORG", "GPE"])
CAST, CAST_PEOPLE, CAST_BODIES = 8, 5, 2  # per article: eight names, the last one a place
EVENT_TYPES = ("CONSULT", "AGREE", "ACCUSE", "PROTEST", "ASSAULT", "AID", "OTHER")
QUAD_CLASSES = (1, 1, 3, 4, 4, 2, 0)
COUNTRIES = tuple(a + b + c for a in "FGPSU" for b in "RBA" for c in "ABNR")  # 60 codes, some of them real
_SYLLABLES = np.array([a + b for a in "bdfghklmnprstvw" for b in ("a", "en", "i", "or", "u", "el", "ash")])
_NAMED, _UNNAMED, _NOBODY = 0.88, 0.09, 0.03  # shares of kinds of speakers


@dataclass(frozen=True)
class Vocabulary:
    """All pieces of text by number, and the start of each kind of piece. ``things`` are people, bodies, places."""

    pieces: pa.Array
    lengths: Ints
    starts: dict[str, int]
    things: int
    weights: tuple[npt.NDArray[np.float64], ...] = field(repr=False)


@dataclass(frozen=True)
class RandomDay:
    """The random choices of some stories; child rows are in reading order. All numbers count from 0."""

    text: pa.Array
    title: pa.Array
    title_length: Ints
    mentions: dict[str, Ints]
    quotes: dict[str, Ints]
    quote_text: pa.Array
    events: dict[str, Ints]
    counts: dict[str, Ints]


def _words(chance: np.random.Generator, count: int, syllables: int) -> list[str]:
    return ["".join(row) for row in _SYLLABLES[chance.integers(0, len(_SYLLABLES), (count, syllables))]]


def vocabulary(seed: int) -> Vocabulary:
    """Return the pieces of all texts; the same seed gives the same pieces."""
    chance = np.random.default_rng(seed)
    firsts = [word.title() for word in _words(chance, 900, 2)]
    lasts = [word.title() for word in _words(chance, 5_000, 3)]
    people = [f"{firsts[a]} {lasts[b]}" for a, b in chance.integers(0, (900, 5_000), (PEOPLE, 2))]
    bodies = [f"{word.title()} Board" for word in _words(chance, BODIES, 3)]
    names = people + bodies + [word.title() for word in _words(chance, PLACES, 3)]
    kinds = {
        "name": names,
        "open": [f"“{' '.join(_words(chance, 4, 2))} " for _ in range(5_000)],
        "close": [f" {' '.join(_words(chance, 4, 2))}.”" for _ in range(5_000)],
        "filler": [f" {word}. " for word in _words(chance, 2_000, 2)],
        "title": [word.title() for word in _words(chance, 5_000, 3)],
        "trigger": ["met", "agreed", "accused", "protested", "attacked", "helped", "opened"],
        "fixed": [" ", "\n\n", " said ", " claimed ", "an official", "."],
    }
    starts = dict(zip(kinds, np.cumsum([0, *map(len, kinds.values())])[:-1].tolist(), strict=True))
    pieces = pa.array([piece for each in kinds.values() for piece in each])
    lengths = pc.utf8_length(pieces).to_numpy().astype(np.int64)
    weights = tuple(np.cumsum(1 / np.arange(3, count + 3)) for count in (PEOPLE, BODIES, PLACES))
    return Vocabulary(pieces, lengths, starts, len(names), weights)


def _zipf(chance: np.random.Generator, words: Vocabulary, kind: int, shape: tuple[int, ...]) -> Ints:
    edges = words.weights[kind]
    before = (0, PEOPLE, PEOPLE + BODIES)[kind]
    return before + np.minimum(np.searchsorted(edges, chance.random(shape) * edges[-1]), len(edges) - 1)


def kinds_of(things: Ints) -> Ints:
    """Return the type of each thing: 0 person, 1 body, 2 place."""
    return np.searchsorted(np.array([PEOPLE, PEOPLE + BODIES]), things, side="right")


def within(counts: Ints) -> tuple[Ints, Ints]:
    """Return the owner of each child, and its number within its owner, for the given numbers of children."""
    owners = np.repeat(np.arange(len(counts)), counts)
    return owners, np.arange(len(owners)) - np.repeat(np.cumsum(counts) - counts, counts)


def draw(chance: np.random.Generator, words: Vocabulary, count: int, earlier: Earlier) -> RandomDay:
    """Return new stories; some of their quotes and events repeat those of earlier days."""
    counts = {
        "outside": np.maximum(chance.poisson(10.3, count), 1),
        "quotes": chance.poisson(5, count),
        "events": chance.poisson(2, count),
    }
    cast = np.concatenate(
        [_zipf(chance, words, kind, (count, n)) for kind, n in enumerate((CAST_PEOPLE, CAST_BODIES, 1))], axis=1
    )
    quotes = _drawn_quotes(chance, cast, counts["quotes"], earlier.get("quotes"))
    outside, number = within(counts["outside"])
    slots = chance.integers(0, CAST, len(outside))
    events = _drawn_events(chance, words, counts["events"], earlier.get("events"))
    mentions = {"owner": outside, "number": number, "slot": slots, "thing": cast[outside, slots]}
    return _laid_out(chance, words, counts, mentions, quotes, events)


def _drawn_quotes(
    chance: np.random.Generator, cast: Ints, counts: Ints, again: dict[str, Ints] | None
) -> dict[str, Ints]:
    owner, number = within(counts)
    size = len(owner)
    slot = np.where(chance.random(size) < 0.87, chance.integers(0, CAST_PEOPLE, size), CAST_PEOPLE)
    inside = chance.integers(0, CAST, size)
    who = chance.random(size)
    quotes = {
        "owner": owner,
        "number": number,
        "open": chance.integers(0, 5_000, size),
        "close": chance.integers(0, 5_000, size),
        "inside": cast[owner, inside],
        "inside_slot": inside,
        "speaker": np.where(who < _NAMED, cast[owner, slot], np.where(who < _NAMED + _UNNAMED, -1, -2)),
        "speaker_slot": slot,
        "claimed": (chance.random(size) < 0.12).astype(np.int64),
        "group": np.full(size, -1),
    }
    chosen = _repeat(chance, quotes, again, share=0.06, names=("open", "close", "inside", "speaker"))
    for name in ("inside_slot", "speaker_slot"):
        quotes[name][chosen] = CAST + quotes["number"][chosen]
    return quotes


def _drawn_events(
    chance: np.random.Generator, words: Vocabulary, counts: Ints, again: dict[str, Ints] | None
) -> dict[str, Ints]:
    owner, number = within(counts)
    size = len(owner)
    events = {
        "owner": owner,
        "number": number,
        "type": chance.integers(0, len(EVENT_TYPES), size),
        "actor": chance.integers(0, words.things, size),
        "recipient": chance.integers(0, words.things, size),
        "modality": chance.integers(0, 7, size),
        "days_ago": np.where(chance.random(size) < 0.6, chance.integers(0, 4, size), -1),
        "group": np.full(size, -1),
    }
    _repeat(chance, events, again, share=0.25, names=("type", "actor", "recipient", "modality"))
    return events


def _repeat(
    chance: np.random.Generator,
    rows: dict[str, Ints],
    again: dict[str, Ints] | None,
    *,
    share: float,
    names: tuple[str, ...],
) -> Ints:
    """Make a share of rows repeat earlier ones, the first of these most often; return these rows."""
    if again is None or not len(again["owner"]):
        return np.empty(0, np.int64)
    chosen = np.flatnonzero(chance.random(len(rows["owner"])) < share)
    repeated = (len(again["owner"]) * chance.random(len(chosen)) ** 3).astype(np.int64)
    for name in names:
        rows[name][chosen] = again[name][repeated]
    rows["group"][chosen] = repeated
    return chosen


def _laid_out(
    chance: np.random.Generator,
    words: Vocabulary,
    counts: dict[str, Ints],
    mentions: dict[str, Ints],
    quotes: dict[str, Ints],
    events: dict[str, Ints],
) -> RandomDay:
    """Put all pieces in reading order: six per title, two per mention, six per quote, two per event."""
    total = 6 + 2 * counts["outside"] + 6 * counts["quotes"] + 2 * counts["events"]
    base = np.cumsum(total) - total
    after_mentions = base + 6 + 2 * counts["outside"]
    after_quotes = after_mentions + 6 * counts["quotes"]
    at_mention = (base + 6)[mentions["owner"]] + 2 * mentions["number"]
    at_quote = after_mentions[quotes["owner"]] + 6 * quotes["number"]
    quotes["sentence"] = 2 + counts["outside"][quotes["owner"]] // 2 + quotes["number"]
    events["sentence"] = 2 + (counts["outside"] // 2 + counts["quotes"])[events["owner"]] + events["number"]
    at_event = after_quotes[events["owner"]] + 2 * events["number"]
    pieces = np.empty(int(total.sum()), np.int64)
    start, fixed = words.starts, words.starts["fixed"]
    for at in range(3):
        pieces[base + 2 * at] = start["title"] + chance.integers(0, 5_000, len(base))
        pieces[base + 2 * at + 1] = fixed + (at == 2)
    fill = start["filler"] + chance.integers(0, 2_000, len(pieces))
    pieces[at_mention], pieces[at_mention + 1] = mentions["thing"], fill[at_mention]
    speaker = np.where(quotes["speaker"] >= 0, quotes["speaker"], np.where(quotes["speaker"] == -1, fixed + 4, -1))
    quoted = (
        *(start["open"] + quotes["open"], quotes["inside"], start["close"] + quotes["close"]),
        *(fixed + 2 + quotes["claimed"], np.where(speaker < 0, start["title"] + quotes["open"], speaker)),
        fill[at_quote],
    )
    for at, piece in enumerate(quoted):
        pieces[at_quote + at] = piece
    pieces[at_event], pieces[at_event + 1] = start["trigger"] + events["type"], fill[at_event]
    return _measured(words, counts, pieces, base, (mentions, quotes, events), (at_mention, at_quote, at_event))


def _measured(
    words: Vocabulary,
    counts: dict[str, Ints],
    pieces: Ints,
    base: Ints,
    rows: tuple[dict[str, Ints], dict[str, Ints], dict[str, Ints]],
    places: tuple[Ints, Ints, Ints],
) -> RandomDay:
    """Convert the numbers of pieces of mentions, quotes and events to offsets."""
    mentions, quotes, events = rows
    lengths = words.lengths[pieces]
    begins = np.cumsum(lengths) - lengths
    at_mention, at_quote, at_event = places

    def span(owner: Ints, first: Ints, last: Ints) -> dict[str, Ints]:
        zero = begins[base][owner]
        return {"start_char": begins[first] - zero, "end_char": begins[last] + lengths[last] - zero}

    quotes |= span(quotes["owner"], at_quote, at_quote + 2)
    said = span(quotes["owner"], at_quote + 4, at_quote + 4)
    quotes |= {"speaker_start_char": said["start_char"], "speaker_end_char": said["end_char"]}
    events |= span(events["owner"], at_event, at_event)
    texts = words.pieces.take(pa.array(pieces))
    edges = pa.array(np.append(base, len(pieces)), pa.int32())
    titles = np.add.outer(base, np.arange(5)).ravel()
    return RandomDay(
        text=pc.binary_join(pa.ListArray.from_arrays(edges, texts), ""),
        title=join_texts(texts.take(pa.array(titles)), 5),
        title_length=lengths[np.add.outer(base, np.arange(5))].sum(axis=1),
        mentions=_all_mentions(mentions, quotes, at_mention, at_quote, span),
        quotes=quotes,
        quote_text=join_texts(texts.take(pa.array(np.add.outer(at_quote, np.arange(3)).ravel())), 3),
        events=events,
        counts=counts,
    )


def join_texts(texts: pa.Array, size: int) -> pa.Array:
    """Return texts, joined from the given numbers of pieces."""
    edges = pa.array(np.arange(0, len(texts) + 1, size), pa.int32())
    return pc.binary_join(pa.ListArray.from_arrays(edges, texts), "")


def _all_mentions(mentions, quotes, at_mention, at_quote, span) -> dict[str, Ints]:
    """Return mentions outside quotes, inside them, and of speakers, in reading order."""
    none = np.full(len(at_mention), -1)
    inside, said = at_quote + 1, at_quote + 4
    found = {
        "at": np.concatenate([at_mention, inside, said]),
        "owner": np.concatenate([mentions["owner"], quotes["owner"], quotes["owner"]]),
        "thing": np.concatenate([mentions["thing"], quotes["inside"], quotes["speaker"]]),
        "slot": np.concatenate([mentions["slot"], quotes["inside_slot"], quotes["speaker_slot"]]),
        "quote": np.concatenate([none, quotes["number"], np.full(len(said), -1)]),
        "sentence": np.concatenate([1 + mentions["number"] // 2, quotes["sentence"], quotes["sentence"]]),
    }
    found |= span(found["owner"], found["at"], found["at"])
    order = np.argsort(found["at"], kind="stable")
    order = order[found["thing"][order] >= 0]
    return {name: column[order] for name, column in found.items()}
