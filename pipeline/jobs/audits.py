"""The draws of audits in a data root: their records, and the sheets that were written there or elsewhere."""

import csv
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.audit import AuditDraw
from pipeline.audit.sheet import erase_page_rows, erase_sheet_rows
from pipeline.durability import make_folder, write_whole_file
from pipeline.errors import ConfigError, did_you_mean
from pipeline.settings import Settings

_RECORD = "draw.json"


@dataclass(frozen=True, slots=True)
class ErasedSheets:
    """What a takedown did to sheets: ``changed`` files lost rows; each of ``remaining`` is a file and what to do."""

    changed: int
    remaining: tuple[str, ...]


class AuditStore:
    """The draws of a data root. Each has a folder with its record, and its sheets unless they are elsewhere."""

    def __init__(self, settings: Settings) -> None:
        self._root = settings.data_dir
        self._folder = settings.data_dir / "audits"
        self._durability = settings.durability

    def draws(self) -> tuple[AuditDraw, ...]:
        """Return all draws, oldest first. Raises: ConfigError for a damaged record."""
        found = map(_read_record, self._folder.glob(f"*/{_RECORD}"))
        return tuple(sorted(found, key=lambda draw: (draw.drawn_at, draw.draw_id)))

    def named(self, draw_id: str) -> AuditDraw:
        """Return a draw. Raises: ConfigError if this data root does not have it."""
        draws = {draw.draw_id: draw for draw in self.draws()}
        if draw_id not in draws:
            hint = did_you_mean(draw_id, draws)
            raise ConfigError(f"no draw {draw_id!r} in {self._folder}: a sheet of another lake, or {hint}", key="draw")
        return draws[draw_id]

    def articles_of(self, draw_ids: Iterable[str]) -> frozenset[str]:
        """Return the articles of some draws. Raises: ConfigError for an unknown one."""
        return frozenset(row.article_id for draw_id in draw_ids for row in self.named(draw_id).rows)

    def folder_of(self, draw_id: str) -> Path:
        """Return the folder of a draw in the data root."""
        return self._folder / draw_id

    def add(self, draw: AuditDraw, *, page: str, sheet: str) -> tuple[Path, Path]:
        """Store a draw and write its page and its sheet; return their paths.

        Raises: ConfigError if there is a draw of this name.
        """
        folder, own = Path(draw.folder), self.folder_of(draw.draw_id)
        if (own / _RECORD).exists():
            raise ConfigError(f"draw {draw.draw_id} exists; give another --seed", key="seed")
        for each in (own, folder):
            make_folder(each, durability=self._durability)
        # The record is first: a takedown finds every sheet that has one.
        write_whole_file(own / _RECORD, draw.to_json().encode(), durability=self._durability)
        paths = folder / f"{draw.draw_id}.html", folder / f"{draw.draw_id}.csv"
        for path, text in zip(paths, (page, sheet), strict=True):
            write_whole_file(path, text.encode(), durability=self._durability)
        return paths

    def erase(self, article_ids: Collection[str]) -> ErasedSheets:
        """Erase the rows of some articles from records and sheets of the data root.

        Sheets elsewhere, files that cannot be read as sheets, and damaged records are named: a person has to act.
        """
        changed, remaining = 0, []
        for folder in sorted(path.parent for path in self._folder.glob(f"*/{_RECORD}")):
            draw = self._draw_in(folder)
            named = frozenset(article_ids) & ({row.article_id for row in draw.rows} if draw else frozenset(article_ids))
            if not named:
                continue
            for path in self._sheets(folder, draw):
                is_changed = self._erase_from(path, named)
                changed += bool(is_changed)
                if is_changed is None:
                    remaining.append(f"{path} may have rows of it; remove the file")
            if draw is None:
                remaining.append(f"{folder / _RECORD} is damaged and may name it; restore it, or remove the folder")
                continue
            remaining += self._elsewhere(draw)
            record = draw.without(named).to_json().encode()  # the last, so that a killed takedown finds the rest again
            write_whole_file(folder / _RECORD, record, durability=self._durability)
        return ErasedSheets(changed, tuple(remaining))

    def remaining(self, article_ids: Collection[str]) -> tuple[str, ...]:
        """Return the sheets with rows of some articles that ``erase`` cannot reach, each with what to do."""
        draws = (self._draw_in(path.parent) for path in sorted(self._folder.glob(f"*/{_RECORD}")))
        found = [draw for draw in draws if draw and any(row.article_id in article_ids for row in draw.rows)]
        return tuple(line for draw in found for line in self._elsewhere(draw))

    def _draw_in(self, folder: Path) -> AuditDraw | None:
        """Return the draw of a folder; None if its record is damaged, which must not stop a takedown."""
        try:
            return _read_record(folder / _RECORD)
        except ConfigError:
            return None

    def _sheets(self, folder: Path, draw: AuditDraw | None) -> Iterator[Path]:
        """Yield the files of a draw in the data root: in its folder all, in another one those with its name."""
        yield from (path for path in sorted(folder.glob("*")) if path.name != _RECORD and path.is_file())
        if draw and self._is_inside(draw) and Path(draw.folder).resolve() != folder.resolve():
            yield from (path for path in sorted(Path(draw.folder).glob(f"{draw.draw_id}*")) if path.is_file())

    def _is_inside(self, draw: AuditDraw) -> bool:
        return Path(draw.folder).resolve().is_relative_to(self._root.resolve())

    def _elsewhere(self, draw: AuditDraw) -> list[str]:
        if self._is_inside(draw):
            return []
        return [f"the sheets of {draw.draw_id} in {draw.folder} have rows of it; remove them there, and all copies"]

    def _erase_from(self, path: Path, article_ids: Collection[str]) -> bool | None:
        """Erase rows from one file; return whether it changed, None if it cannot be read as a sheet."""
        if path.suffix not in (".html", ".csv"):
            return None
        try:
            before = path.read_bytes().decode()
            after = (erase_page_rows if path.suffix == ".html" else erase_sheet_rows)(before, article_ids)
        except (ValueError, csv.Error):
            return None
        if any(each in after for each in article_ids):
            return None
        if after != before:
            write_whole_file(path, after.encode(), durability=self._durability)
        return after != before


def _read_record(path: Path) -> AuditDraw:
    """Return the draw of a record. Raises: ConfigError for a damaged one."""
    return AuditDraw.from_json(path.read_text(encoding="utf-8", errors="replace"), key=str(path))
