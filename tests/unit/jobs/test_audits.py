"""Draws of audits in a data root: found again, and cleared of the rows of taken-down articles."""

from pathlib import Path

import pytest

from pipeline.audit import AuditDraw, read_sheet, write_sheet
from pipeline.errors import ConfigError
from pipeline.jobs.audits import AuditStore
from pipeline.settings import Settings
from tests.unit.audit.invented import IDS, all_right, contexts, draw, fill

GONE = frozenset(IDS[:2])


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
    assert (erased.changed, erased.remaining) == (3, ())
    for path in page.parent.iterdir():
        assert not any(each in path.read_text() for each in GONE), path
    [left] = AuditStore(settings).draws()
    assert [row.article_id for row in left.rows] == list(IDS[2:])
    assert [len(row.answers) for row in read_sheet(filled, left).rows] == [6] * 6
    assert page.read_text().count("spoke") == 6
    assert AuditStore(settings).erase(GONE).changed == 0


def test_what_a_takedown_cannot_clear_is_named(settings: Settings, tmp_path: Path) -> None:
    """Sheets outside the data root, and files that are no sheets, are named: a person has to remove the rows."""
    drawn, page, _ = _add(settings, tmp_path / "desk")
    own = AuditStore(settings).folder_of(drawn.draw_id)
    (own / "ana.xlsx").write_bytes(b"PK\x03\x04")
    (own / "broken.csv").write_text(f'draw,row\r\n"{IDS[0]}:quotes:0')
    before = page.read_text()
    outside = f"the sheets of quotes-seed in {tmp_path / 'desk'} have rows of it; remove them there, and all copies"
    assert AuditStore(settings).remaining(GONE) == (outside,)
    assert AuditStore(settings).remaining(["f" * 32]) == ()
    erased = AuditStore(settings).erase(GONE)
    assert erased.changed == 0
    assert erased.remaining == (
        f"{own / 'ana.xlsx'} may have rows of it; remove the file",
        f"{own / 'broken.csv'} may have rows of it; remove the file",
        outside,
    )
    assert page.read_text() == before


def test_takedown_reaches_sheets_in_another_folder_of_the_data_root(settings: Settings) -> None:
    """Sheets that were written into another folder of the data root are cleared, too."""
    _, page, sheet = _add(settings, settings.data_dir / "desk")
    erased = AuditStore(settings).erase(GONE)
    assert (erased.changed, erased.remaining) == (2, ())
    assert not any(each in path.read_text() for each in GONE for path in (page, sheet))


@pytest.mark.parametrize("record", ["", "{}", "\x00", '{"draw_id": "quotes-seed", "rows": [1]}'])
def test_damaged_record_stops_no_takedown(settings: Settings, record: str) -> None:
    """The sheets of a draw whose record is damaged are cleared all the same, and the record is named."""
    drawn, page, sheet = _add(settings)
    path = page.with_name("draw.json")
    path.write_text(record)
    erased = AuditStore(settings).erase(GONE)
    assert erased.changed == 2
    assert erased.remaining == (f"{path} is damaged and may name it; restore it, or remove the folder",)
    assert not any(each in file.read_text() for each in GONE for file in (page, sheet))
    assert AuditStore(settings).remaining(GONE) == ()
    with pytest.raises(ConfigError, match="is not the record of a draw"):
        AuditStore(settings).named(drawn.draw_id)
