"""Where a page comes from, as its caller knows."""

from dataclasses import dataclass

from pipeline.model import LayoutRule


@dataclass(frozen=True, slots=True)
class Origin:
    """``publisher`` wins over what the page says; ``raw_ref`` is the payload digest of its archive record."""

    source_key: str
    publisher: str | None = None
    raw_ref: str | None = None
    rules: tuple[LayoutRule, ...] = ()
