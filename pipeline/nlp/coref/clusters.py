"""What is put together to say who is who: spellings, links and clusters."""

from collections import Counter
from dataclasses import dataclass, field

from pipeline.model.annotation import Gender, LinkMethod


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """One name for comparing.

    ``words`` are folded, without a nickname in marks. ``place`` is its index among the names of the article.
    ``is_full`` says that it has more than a family name with its particles. ``gender`` is what its honorific shows.
    """

    surface: str
    words: tuple[str, ...]
    place: int
    sentence: int
    is_full: bool
    gender: Gender | None
    nickname: str | None

    @property
    def folded(self) -> str:
        return " ".join(self.words)


@dataclass(frozen=True, slots=True)
class Link:
    """The cluster of one name and how it joined; None where two bearers of the name leave it open."""

    cluster: int | None
    method: LinkMethod
    confidence: float


OPEN_LINK = Link(None, "none", 0.2)


@dataclass(slots=True)
class Cluster:
    """One entity while it is put together. ``forms`` counts its spellings; ``words`` is its fullest folded one."""

    entity_type: str
    words: tuple[str, ...]
    forms: Counter[str] = field(default_factory=Counter)
    honorifics: set[Gender] = field(default_factory=set)
    nicknames: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        """The fullest spelling: most words, then not in capitals, then most used, then first seen."""
        return max(self.forms, key=lambda form: (len(form.split()), not _is_all_caps(form), self.forms[form]))

    def add(self, spelling: Spelling) -> None:
        """Count one more mention."""
        self.forms[spelling.surface] += 1
        if spelling.gender:
            self.honorifics.add(spelling.gender)
        if spelling.nickname:
            self.nicknames.add(spelling.nickname)


def is_acronym(surface: str) -> bool:
    """Return whether a name is made of two to six capitals, full stops aside."""
    letters = surface.replace(".", "")
    return 2 <= len(letters) <= 6 and letters.isupper() and letters.isalpha()


def _is_all_caps(form: str) -> bool:
    return form.isupper() and not is_acronym(form)
