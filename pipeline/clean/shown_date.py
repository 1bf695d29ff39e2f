"""The publication day that a reader sees beside the headline, where no markup states it."""

import re
from datetime import date

from pipeline.clean.near_headline import VisibleText, is_elsewhere, texts_near_headline
from pipeline.clean.tree import Tree
from pipeline.clean.written_days import written_day

_HAS_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_CHANGED = re.compile(
    r"updat|modif|edited|chang|aktualis|geändert|actuali[sz]|mis[e]? à jour|aggiornat|atualizad|bijgewerkt|last|"
    r"uppdaterad|opdateret|oppdatert|päivitetty|aktualiz|обновл|fetched|retrieved|abgerufen|born|geboren|\*|©",
    re.IGNORECASE,
)
_DATED = re.compile(r"date|datum|data\b|fecha|publi|posted|time|byline|meta|info", re.IGNORECASE)
_NAMED_LENGTH = 90
_LENGTH = 36  # a line whose class says nothing has little room beside its date: a name, a place, a clock


def visible_day(root: Tree, *, title: str | None, is_month_first: bool) -> date | None:
    """Return the first day written in a short line under the headline, else the nearest one shortly above it."""
    near = (_day_of(text, is_month_first=is_month_first) for text in texts_near_headline(root, title=title))
    return next((day for day in near if day is not None), None)


def _day_of(shown: VisibleText, *, is_month_first: bool) -> date | None:
    room = _NAMED_LENGTH if _DATED.search(shown.named) else _LENGTH
    if len(shown.text) > room or not _HAS_YEAR.search(shown.text) or _CHANGED.search(shown.text):
        return None
    return None if is_elsewhere(shown) else written_day(shown.text, is_month_first=is_month_first)
