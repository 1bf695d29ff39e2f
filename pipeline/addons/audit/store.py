"""The draws of audits in a data root: their records, and the sheets that were written there or elsewhere."""

import csv
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from newslake.pipeline.addons.audit.draw import AuditDraw
from newslake.pipeline.addons.audit.sheet import erase_page_rows, erase_sheet_rows
from newslake.pipeline.durability import make_folder, write_whole_file
from newslake.pipeline.errors import ConfigError, did_you_mean
from newslake.pipeline.hooks import TakedownPart
from newslake.pipeline.model import pluralize
from newslake.pipeline.settings import Settings

_RECORD = "draw.json"
_SHEET_SUFFIXES = (".csv", ".html", ".htm")
_ARTICLE_ID = re.compile(r"(?=([0-9a-f]{32}))")


class AuditStore:
    """The draws of a data root. Each has a folder with its record, and its sheets unless they are elsewhere."""

    def __init__(self, settings: Settings) -> None:
        self._root = settings.data_dir
        self._folder = settings.data_dir / "audits"
        self._durability = settings.durability

    def draws(self) -> tuple[AuditDraw, ...]:
        """Return all draws, oldest first. Raises: ConfigError for a damaged record."""
        draws = map(self._read_record, self._records())
        return tuple(sorted(draws, key=lambda draw: (draw.drawn_at, draw.draw_id)))

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
        folder, home = Path(draw.folder), self.folder_of(draw.draw_id)
        if (home / _RECORD).exists():
            raise ConfigError(f"draw {draw.draw_id} exists; give another --seed", key="seed")
        for each in (home, folder):
            make_folder(each, durability=self._durability)
        # The record is first: a takedown finds every sheet that has one.
        self._write_record(home / _RECORD, draw)
        paths = folder / f"{draw.draw_id}.html", folder / f"{draw.draw_id}.csv"
        for path, text in zip(paths, (page, sheet), strict=True):
            write_whole_file(path, text.encode(), durability=self._durability)
        return paths

    def erase(self, article_ids: Collection[str]) -> TakedownPart:
        """Erase the rows of some articles from records and sheets of the data root; return how many files lost some.

        A record keeps their ids, so that a later call names the same copies again.
        """
        gone, changed, unfinished = frozenset(article_ids), 0, []
        draws = {record: self._draw_of(record) for record in self._records()}
        for path in self._files(draws):
            is_changed = self._erase_from(path, gone)
            changed += bool(is_changed)
            if is_changed is None:
                unfinished.append(f"{path} may have rows of it; remove the file, then run `newslake lake repair`")
        for record, draw in draws.items():
            if draw is None:
                advice = "restore it, or remove the folder, then run `newslake lake repair`"
                unfinished.append(f"{record} is damaged and may name it; {advice}")
            elif any(row.article_id in gone for row in draw.rows):
                self._write_record(record, draw.without(gone))
        return TakedownPart(
            changed=changed,
            line=f"{pluralize(changed, 'audit sheet')} cleared",
            unfinished=tuple(unfinished),
            remaining=self.remaining(gone),
        )

    def remaining(self, article_ids: Collection[str]) -> tuple[str, ...]:
        """Return what ``erase`` cannot reach: for each draw that has or had rows of some articles, one sentence."""
        draws = filter(None, map(self._draw_of, self._records()))
        return tuple(self._copies(draw) for draw in draws if not draw.all_articles.isdisjoint(article_ids))

    def _copies(self, draw: AuditDraw) -> str:
        if self._is_inside(draw):
            return f"sheets of {draw.draw_id} that were exported or copied elsewhere may have rows of it; remove them"
        return f"the sheets of {draw.draw_id} in {draw.folder} have rows of it; remove them there, and all copies"

    def _records(self) -> list[Path]:
        return sorted(self._folder.glob(f"*/{_RECORD}"))

    def _draw_of(self, record: Path) -> AuditDraw | None:
        """Return the draw of a record; None for a damaged one, which must not stop a takedown."""
        try:
            return self._read_record(record)
        except ConfigError:
            return None

    def _read_record(self, record: Path) -> AuditDraw:
        """Return the draw of a record. Raises: ConfigError for a damaged one."""
        draw = AuditDraw.from_json(record.read_text(encoding="utf-8", errors="replace"), key=str(record))
        return replace(draw, folder=str(self._root / draw.folder if draw.folder else record.parent))

    def _write_record(self, record: Path, draw: AuditDraw) -> None:
        """Write a record. Its folder is relative to the data root, which may be moved; "" is that of the record."""
        folder = draw.folder
        if Path(folder).resolve() == record.parent.resolve():
            folder = ""
        elif self._is_inside(draw):
            folder = str(Path(folder).resolve().relative_to(self._root.resolve()))
        write_whole_file(record, replace(draw, folder=folder).to_json().encode(), durability=self._durability)

    def _is_inside(self, draw: AuditDraw) -> bool:
        return Path(draw.folder).resolve().is_relative_to(self._root.resolve())

    def _files(self, draws: Mapping[Path, AuditDraw | None]) -> list[Path]:
        """Return the files of the data root that may be sheets, without the records; of links, their targets.

        They are all files in the folder of audits, and the sheets in each other folder into which a draw was written.
        """
        folders = (self._folder, *(record.parent for record in draws))  # rglob leaves out those that are links
        paths = [path for folder in folders for path in folder.rglob("*")]
        for draw in draws.values():
            if draw is not None and self._is_inside(draw):
                paths += [path for path in Path(draw.folder).glob("*") if _is_sheet(path, draw)]
        records = {record.resolve() for record in draws}
        return sorted({path.resolve() for path in paths if path.is_file()} - records)

    def _erase_from(self, path: Path, article_ids: frozenset[str]) -> bool | None:
        """Erase rows from one file; return whether it changed, None if it may still have some."""
        suffix, data = path.suffix.lower(), path.read_bytes()
        try:
            before = data.decode()
            if article_ids.isdisjoint(_ARTICLE_ID.findall(before)):
                return False
            if suffix not in _SHEET_SUFFIXES:
                return None
            after = (erase_sheet_rows if suffix == ".csv" else erase_page_rows)(before, article_ids)
        except UnicodeDecodeError:
            return False if path.name.startswith(".") else None  # a hidden one is of a file manager
        except (ValueError, csv.Error):
            return None
        if not article_ids.isdisjoint(_ARTICLE_ID.findall(after)):
            return None
        write_whole_file(path, after.encode(), durability=self._durability)
        return True


def _is_sheet(path: Path, draw: AuditDraw) -> bool:
    return path.suffix.lower() in _SHEET_SUFFIXES or path.name.startswith(draw.draw_id)
