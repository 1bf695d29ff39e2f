"""One article as five other publishers might publish it: cut, reordered, restyled, with a new lead, names respelt.

Made by rules from invented text. Every sentence has the index of the original sentence that it comes from.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from newslake.pipeline.clusters.text import sentence_spans
from newslake.pipeline.model import Article

VARIANTS = ("cut", "reordered", "house style", "new lead", "other spellings")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_STYLE = (
    (r"\bsaid that\b", "added that"),
    (r"\bsaid\b(?= (?:on|at|in)\b)|\bsaid(?=\.| *$)", "told reporters"),
    (r"\b(per cent|percent)\b", "%"),
    (r"\b(Mrs|Mr|Ms|Dr|Sir|Dame) (?=[A-Z])", ""),
    (r"\b(on) (?=(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b)", ""),
    (r"\b(?:however|meanwhile|also|already|still|just|only), ?", ""),
    (r" (?:also|already|still|just|really|quite|recently|simply)\b", ""),
    (r"\bwill be\b", "is to be"),
    (r"\bmore than\b", "over"),
    (r"\babout (?=\d)", "around "),
    (r"\bwas not\b", "wasn’t"),
    (r"\bdid not\b", "didn’t"),
    (r"\bhad not\b", "hadn’t"),
    (r"\bwould not\b", "wouldn’t"),
    (r"\bbecause of\b", "owing to"),
    (r"\bpeople\b", "persons"),
    (r"\bbegan\b", "started"),
    (r"\bnear\b", "close to"),
    (r"\bthree\b", "3"),
    (r"\bfour\b", "4"),
    (r"\bfive\b", "5"),
    (r"\bsix\b", "6"),
    (r"\b(\w{4,})ised\b", r"\1ized"),
    (r", who [^,.“”\"]{5,60},", ""),
    (r" \([^)“”\"]{2,60}\)", ""),
)
# Names of another story with similar words: none of its people and places are the same.
_FORENAMES = (
    "Wilmot",
    "Ottla",
    "Jonquil",
    "Piers",
    "Mabry",
    "Sunniva",
    "Corwen",
    "Hester",
    "Ambrose",
    "Lucasta",
    "Tobit",
)
_SURNAMES = (
    "Sedge",
    "Brandreth",
    "Asher",
    "Holloway",
    "Okafor",
    "Teal",
    "Slade",
    "Vantongeren",
    "Quillfeather",
    "Penn",
)
_PLACES = (
    "Garrow",
    "Penmar",
    "Twissel",
    "Fenwold",
    "Ashby",
    "Kirrin",
    "Dunmor",
    "Ellers",
    "Thorn",
    "Wexcombe",
    "Sallow",
)
_ENDINGS = ("dale", " Cross", " Reach", "stead", " Bay", "minster", " Green")
_LETTERS = (("ph", "f"), ("ck", "k"), ("tt", "t"), ("ll", "l"), ("ss", "s"), ("ie", "y"), ("ou", "u"))


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, with the index of the original sentence that it comes from."""

    text: str
    origin: int


type Paragraphs = tuple[tuple[Sentence, ...], ...]


@dataclass(frozen=True, slots=True)
class Print:
    """An article at one publisher. ``paragraphs`` begin with the headline."""

    story: str
    variant: str
    published_at: datetime
    paragraphs: Paragraphs

    @property
    def text(self) -> str:
        return "\n\n".join(" ".join(each.text for each in paragraph) for paragraph in self.paragraphs)

    def origins(self) -> list[tuple[int, int]]:
        """Return the start and origin of every sentence, in text order."""
        found, at = [], 0
        for paragraph in self.paragraphs:
            for sentence in paragraph:
                found.append((at, sentence.origin))
                at += len(sentence.text) + 1
            at += 1
        return found


def original(article: Article, *, story: str) -> Print:
    """Return an article as first published: headline, standfirst and paragraphs."""
    blocks = [article.text[b.start : b.end] for b in article.blocks if b.kind in ("title", "standfirst", "paragraph")]
    paragraphs, number = [], 0
    for block in dict.fromkeys(blocks):
        texts = [" ".join(block[start:end].split()) for start, end in sentence_spans(block)]
        sentences = tuple(Sentence(text, number + at) for at, text in enumerate(text for text in texts if text))
        number += len(sentences)
        paragraphs.append(sentences)
    assert article.published_at is not None
    return Print(story, "original", article.published_at, tuple(each for each in paragraphs if each))


def variants(first: Print, *, people: Sequence[str]) -> list[Print]:
    """Return an original and its five variants. ``people`` are the full names in it."""
    return [first, *(_printed(first, name, people) for name in VARIANTS)]


def _printed(first: Print, name: str, people: Sequence[str]) -> Print:
    hours = {"cut": 26, "reordered": 5, "house style": 2, "new lead": 9, "other spellings": 20}[name]
    make: dict[str, Callable[[], Paragraphs]] = {
        "cut": lambda: _cut(first.paragraphs),
        "reordered": lambda: _reordered(first.paragraphs),
        "house style": lambda: _rewritten(first.paragraphs, _in_house_style),
        "new lead": lambda: _with_new_lead(first.paragraphs),
        "other spellings": lambda: _rewritten(first.paragraphs, lambda text: _respelt(text, people)),
    }
    at = first.published_at + timedelta(hours=hours)
    dated = _rewritten(make[name](), lambda text: _on_another_day(text, first.published_at, at))
    return replace(first, variant=name, published_at=at, paragraphs=dated)


def elsewhere(first: Print, *, number: int, people: Sequence[str], others: Sequence[Sequence[str]]) -> Print:
    """Return another story in the same words, two days later, with other people, places and organisations.

    ``others`` has all spellings of each name. ``number`` is the story's; no two stories get the same names.
    """
    known: dict[str, str] = {}
    for at, spellings in enumerate(others):
        known |= dict.fromkeys(spellings, _PLACES[(at + number) % 11] + _ENDINGS[(at + 3 * number) % 7])
    for at, name in enumerate(people):
        surname = _SURNAMES[(at + number) % 10]
        known |= {name.split()[-1]: surname, name: f"{_FORENAMES[at % 11]} {surname}"}
    longest_first = sorted(known, key=lambda name: (-len(name), name))
    pattern = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in longest_first) or "(?!)")
    paragraphs = _rewritten(first.paragraphs, lambda text: pattern.sub(lambda found: known[found[0]], text))
    at = first.published_at + timedelta(hours=49)
    return replace(first, story=f"{first.story} elsewhere", variant="elsewhere", published_at=at, paragraphs=paragraphs)


def _rewritten(paragraphs: Paragraphs, rewrite: Callable[[str], str]) -> Paragraphs:
    return tuple(
        tuple(replace(sentence, text=rewrite(sentence.text)) for sentence in paragraph) for paragraph in paragraphs
    )


def _cut(paragraphs: Paragraphs) -> Paragraphs:
    """Keep the first two thirds; in every third paragraph drop the last sentence."""
    kept = paragraphs[: max(3, round(len(paragraphs) * 0.65))]
    return tuple(
        paragraph[:-1] if number % 3 == 2 and len(paragraph) > 1 else paragraph for number, paragraph in enumerate(kept)
    )


def _reordered(paragraphs: Paragraphs) -> Paragraphs:
    """Keep headline and lead, and put the second half of the rest first."""
    middle = 2 + (len(paragraphs) - 2) // 2
    return (*paragraphs[:2], *paragraphs[middle:], *paragraphs[2:middle])


def _with_new_lead(paragraphs: Paragraphs) -> Paragraphs:
    """Turn the headline into a lead under another headline, and put the old lead after the next paragraph."""
    headline, *rest = paragraphs
    statement = " ".join(sentence.text.rstrip(".") for sentence in headline)
    lead = (Sentence(f"{statement}, it has emerged.", headline[0].origin),)
    return ((Sentence("What we know so far", -1),), lead, *rest[1:2], *rest[:1], *rest[2:])


def _in_house_style(text: str) -> str:
    """Return a text in another house style; quoted words are kept, in other quotation marks."""
    parts = re.split(r"(“[^”]*”?)", text)
    styled = "".join(part if part.startswith("“") else _styled(part) for part in parts)
    return (styled[:1].upper() + styled[1:]).replace("“", '"').replace("”", '"')


def _styled(text: str) -> str:
    for pattern, instead in _STYLE:
        text = re.sub(pattern, instead, text)
    return text


def _respelt(text: str, people: Sequence[str]) -> str:
    """Return a text with respelt names: no accents or hyphens, other letters, and some forenames as initials."""
    for number, name in enumerate(people):
        for word in re.findall(r"[\w’'-]+", name):
            if len(word) > 3:
                text = re.sub(rf"\b{re.escape(word)}\b", _spelling(word), text)
        forename, _, rest = name.partition(" ")
        if rest and number % 3 == 0:
            text = text.replace(f"{_spelling(forename)} {_spelling(rest)}", f"{forename[0]}. {_spelling(rest)}")
    return text


def _spelling(word: str) -> str:
    plain = "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c)).replace("-", " ")
    for letters, instead in _LETTERS:
        if letters in plain[1:] and len(plain) > 5:
            return plain[0] + plain[1:].replace(letters, instead, 1)
    return plain


def _on_another_day(text: str, first: datetime, at: datetime) -> str:
    """Return a text with yesterday, today and tomorrow as weekdays, if it is published on another day."""
    if first.date() == at.date():
        return text
    for word, days in (("yesterday", -1), ("today", 0), ("tonight", 0), ("tomorrow", 1)):
        weekday = _WEEKDAYS[(first + timedelta(days)).weekday()]
        text = re.sub(rf"\b{word}\b", f"on {weekday}", text)
    return text
