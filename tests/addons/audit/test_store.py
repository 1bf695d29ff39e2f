"""Draws of audits in a data root: found again, and cleared of the rows of taken-down articles."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from newslake.pipeline.addons.audit.draw import AuditDraw
from newslake.pipeline.addons.audit.sheet import read_sheet, write_sheet
from newslake.pipeline.addons.audit.store import AuditStore
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.settings import Settings
from tests.addons.audit.invented import IDS, all_right, contexts, draw, fill

GONE = frozenset(IDS[:2])
COPIES = "sheets of quotes-seed that were exported or copied elsewhere may have rows of it; remove them"
REPAIR = "then run `newslake lake repair`"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return the settings of an empty data root."""
    return Settings.load(data_dir=tmp_path / "data", sources_file=tmp_path / "none.toml")


def _page(drawn: AuditDraw) -> str:
    rows = "".join(
        f"<!-- row {row.name} -->\n<p>{row.article_id} spoke</p>\n<!-- end of row {row.name} -->\n"
        for row in drawn.rows
    )
    return f"<html>\n{rows}</html>\n"


def _add(settings: Settings, folder: Path | None = None) -> tuple[AuditDraw, Path, Path]:
    store = AuditStore(settings)
    drawn = draw(folder=str(folder or store.folder_of("quotes-seed")))
    return (drawn, *store.add(drawn, page=_page(drawn), sheet=write_sheet(drawn, contexts(drawn))))


def _has_gone(path: Path) -> bool:
    return any(each in path.read_text() for each in GONE)


def test_draws_are_found_again_and_never_overwritten(settings: Settings) -> None:
    """A draw is read as it was added; one of the same name, and an unknown name, are refused with advice."""
    drawn, page, sheet = _add(settings)
    store = AuditStore(settings)
    assert store.draws() == (drawn,)
    assert (page.name, sheet.name) == ("quotes-seed.html", "quotes-seed.csv")
    with pytest.raises(ConfigError, match="draw quotes-seed exists; give another --seed"):
        store.add(drawn, page="", sheet="")
    with pytest.raises(ConfigError, match=r"no draw .quotes-sed. .*did you mean quotes-seed"):
        store.named("quotes-sed")


def test_takedown_clears_every_sheet_of_the_data_root(settings: Settings) -> None:
    """Page, sheet, filled sheets and the record lose the rows of an article; other rows keep their answers."""
    drawn, page, sheet = _add(settings)
    filled = fill(drawn, sheet.with_name("ana.csv"), {at: all_right() for at in range(8)}, separator=";")
    erased = AuditStore(settings).erase(GONE)
    assert (erased.changed, erased.unfinished, erased.remaining) == (3, (), (COPIES,))
    assert not any(map(_has_gone, (page, sheet, filled)))
    [left] = AuditStore(settings).draws()
    assert [row.article_id for row in left.rows] == list(IDS[2:])
    assert left.deleted_articles == IDS[:2]
    assert [len(row.answers) for row in read_sheet(filled, left).rows] == [6] * 6
    assert page.read_text().count("spoke") == 6
    assert AuditStore(settings).erase(GONE).changed == 0


def test_copies_are_named_again_after_the_rows_are_erased(settings: Settings, tmp_path: Path) -> None:
    """Each draw that has or had rows of an article is named once, also by a call after a killed one; others are not."""
    store, desk = AuditStore(settings), tmp_path / "desk"
    _, page, _ = _add(settings, desk)
    other = replace(draw("events"), folder=str(store.folder_of("events-seed")))
    store.add(replace(other, rows=other.rows[2:]), page="", sheet="")
    outside = f"the sheets of quotes-seed in {desk} have rows of it; remove them there, and all copies"
    assert store.remaining(GONE) == store.erase(GONE).remaining == store.erase(GONE).remaining == (outside,)
    assert store.remaining(["f" * 32]) == ()
    assert _has_gone(page)


def test_what_a_takedown_cannot_clear_is_named(settings: Settings) -> None:
    """Files of the data root that are no sheets and have or may have rows of an article are named."""
    drawn, _, _ = _add(settings)
    own = AuditStore(settings).folder_of(drawn.draw_id)
    (own / "ana.xlsx").write_bytes(b"PK\x03\x04\xff")
    (own / "broken.csv").write_text(f'draw,row\r\n"{IDS[0]}:quotes:0')
    (own / "notes.txt").write_text(f"{IDS[1]} is a hard one")
    (own / "other.csv").write_text("a,b\r\n1,2\r\n")
    (own / ".DS_Store").write_bytes(b"\x00\xff")
    erased = AuditStore(settings).erase(GONE)
    assert erased.changed == 2
    assert erased.unfinished == tuple(
        f"{own / name} may have rows of it; remove the file, {REPAIR}"
        for name in ("ana.xlsx", "broken.csv", "notes.txt")
    )


def test_takedown_reaches_sheets_in_another_folder_of_the_data_root(settings: Settings) -> None:
    """Sheets that were written into another folder of the data root are cleared, and filled ones there, too."""
    desk = settings.data_dir / "desk"
    drawn, page, sheet = _add(settings, desk)
    filled = fill(drawn, desk / "ana.CSV", {0: all_right()})
    erased = AuditStore(settings).erase(GONE)
    assert (erased.changed, erased.unfinished) == (3, ())
    assert not any(map(_has_gone, (page, sheet, filled)))


@pytest.mark.parametrize("name", ["quotes-seed/filled/ana.csv", "readers/ana.csv", "ana.csv"])
def test_takedown_clears_all_sheets_below_the_folder_of_audits(settings: Settings, name: str) -> None:
    """A filled sheet is cleared in every folder below that of audits, also if it came after an earlier takedown."""
    drawn, _, _ = _add(settings)
    AuditStore(settings).erase(GONE)
    path = settings.data_dir / "audits" / name
    path.parent.mkdir(exist_ok=True)
    fill(drawn, path, {0: all_right()})
    assert AuditStore(settings).erase(GONE).changed == 1
    assert not _has_gone(path)


def test_target_of_a_link_is_cleared(settings: Settings, tmp_path: Path) -> None:
    """A sheet that is a link stays one, and its target loses the rows."""
    drawn, page, _ = _add(settings)
    target = fill(drawn, tmp_path / "ana.csv", {0: all_right()})
    link = page.with_name("ana.csv")
    link.symlink_to(target)
    assert AuditStore(settings).erase(GONE).changed == 3
    assert (link.is_symlink(), _has_gone(target)) == (True, False)


def test_long_cell_does_not_keep_its_row(settings: Settings) -> None:
    """A sheet with a cell longer than the reader of CSV accepts by itself, such as a whole article, is cleared."""
    drawn, page, _ = _add(settings)
    filled = fill(
        drawn, page.with_name("ana.csv"), {1: all_right(note="n" * 1_200_000), 2: all_right(note="m" * 200_000)}
    )
    erased = AuditStore(settings).erase(GONE)
    assert (erased.changed, erased.unfinished) == (3, ())
    assert not _has_gone(filled)


def test_strata_without_rows_leave_the_record(settings: Settings) -> None:
    """A stratum may be named by a deleted headline: it leaves the record with its last row."""
    store = AuditStore(settings)
    drawn = replace(draw(strata={f"Headline {at}": 1 for at in range(8)}), folder=str(store.folder_of("quotes-seed")))
    store.add(drawn, page="", sheet="")
    store.erase(GONE)
    assert [each.name for each in store.named("quotes-seed").strata] == [f"Headline {at}" for at in range(2, 8)]
    assert "Headline 0" not in (store.folder_of("quotes-seed") / "draw.json").read_text()


@pytest.mark.parametrize("folder", ["audits/quotes-seed", "desk"])
def test_data_root_may_be_moved(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    """The record has no path of the machine: in a moved data root, and from another folder, sheets are found."""
    monkeypatch.chdir(tmp_path)
    _add(settings.model_copy(update={"data_dir": Path("data")}), Path("data") / folder)
    (tmp_path / "data").rename(tmp_path / "data2")
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    root = Path("../data2")
    store = AuditStore(settings.model_copy(update={"data_dir": root}))
    assert [each.folder for each in store.draws()] == [str(root / folder)]
    assert json.loads((root / "audits/quotes-seed/draw.json").read_text())["folder"] in ("", "desk")
    erased = store.erase(GONE)
    assert (erased.changed, erased.unfinished, erased.remaining) == (2, (), (COPIES,))
    assert not any(map(_has_gone, (root / folder).glob("*.[ch]*")))


@pytest.mark.parametrize("record", ["", "{}", "\x00", '{"draw_id": "quotes-seed", "rows": [1]}'])
def test_damaged_record_stops_no_takedown(settings: Settings, record: str) -> None:
    """The sheets of a draw whose record is damaged are cleared all the same, and the record is named."""
    drawn, page, sheet = _add(settings)
    path = page.with_name("draw.json")
    path.write_text(record)
    erased = AuditStore(settings).erase(GONE)
    assert erased.changed == 2
    assert erased.unfinished == (f"{path} is damaged and may name it; restore it, or remove the folder, {REPAIR}",)
    assert not any(map(_has_gone, (page, sheet)))
    assert AuditStore(settings).remaining(GONE) == ()
    with pytest.raises(ConfigError, match="is not the record of a draw"):
        AuditStore(settings).named(drawn.draw_id)
