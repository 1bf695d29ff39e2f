"""Takedowns and audits: sheets lose the rows of deleted pages, and copies elsewhere are named."""

from pathlib import Path
from threading import Thread

import pytest
from typer.testing import CliRunner

from newslake.pipeline.addons.audit.draw import Population, SamplingDesign
from newslake.pipeline.addons.audit.report import draw_sample
from newslake.pipeline.addons.audit.sheet import read_sheet
from newslake.pipeline.addons.audit.sheet_page import audit_sheet, build_sheet_row
from newslake.pipeline.addons.audit.store import AuditStore
from newslake.pipeline.cli import app
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.upkeep.maintenance import repair
from newslake.pipeline.upkeep.takedown import (
    TakedownTarget,
    finish_takedowns,
    forget,
    plan_takedown,
    target_names,
)
from tests.unit.upkeep.town import FERRY, Town, all_targets, set_environment, traces_of_doomed

pytestmark = [pytest.mark.model]


def add_audit(space: Workspace, seed: str, folder: Path | None = None) -> None:
    """Draw all quotes and write their real page and sheet."""
    sample = draw_sample(space, Population(table="quotes"), SamplingDesign(count=99, seed=seed), folder=folder)
    page = audit_sheet(sample.draw, [build_sheet_row("quotes", each) for each in sample.items])
    AuditStore(space.settings).add(sample.draw, page=page, sheet=sample.sheet)


def test_audit_sheets_lose_the_deleted_rows(space: Workspace, town: Town) -> None:
    """Sheets in the data root have no trace of deleted pages, keep their other rows, and sheets elsewhere are named."""
    root, store = space.settings.data_dir, AuditStore(space.settings)
    desk = town.folder / "desk"
    for seed, folder in (("inside", None), ("outside", desk)):
        add_audit(space, seed, folder)
    traces = traces_of_doomed()
    assert traces.under(root / "audits").keys() == {f"quotes-{seed}/draw.json" for seed in ("inside", "outside")} | {
        f"quotes-inside/quotes-inside.{suffix}" for suffix in ("csv", "html")
    }
    named = {
        line
        for target in all_targets(space, town)
        for line in forget(space, target, reason="asked to", report_progress=lambda _: None).remaining
    }
    assert traces.under(root) == {}
    assert named == {
        "sheets of quotes-inside that were exported or copied elsewhere may have rows of it; remove them",
        f"the sheets of quotes-outside in {desk} have rows of it; remove them there, and all copies",
    }
    inside = store.named("quotes-inside")
    assert [row.name for row in read_sheet(root / "audits/quotes-inside/quotes-inside.csv", inside).rows] == [
        row.name for row in inside.rows
    ]
    page = (root / "audits/quotes-inside/quotes-inside.html").read_text()
    assert [page.count(f"<!-- row {row.name} -->") for row in inside.rows] == [1] * len(inside.rows)
    assert inside.rows


def test_audit_sample_waits_for_a_takedown(space: Workspace, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are not drawn while a takedown deletes them: the sample waits, and has none of its pages."""
    root = space.settings.data_dir
    set_environment(monkeypatch, space)
    arguments = ["audit", "sample", "--table", "quotes", "--seed", "late"]
    first, *others = all_targets(space, town)
    for target in others:
        forget(space, target, reason=None, report_progress=lambda _: None)
    sample = Thread(target=CliRunner().invoke, args=(app, arguments))

    def start_sample(stage: str) -> None:
        if stage == "erasing from the archive":  # the takedown has waited for all writers
            sample.start()
            sample.join(timeout=2)
            assert sample.is_alive()

    forget(space, first, reason=None, report_progress=start_sample)
    sample.join()
    assert AuditStore(space.settings).named("quotes-late").rows
    assert traces_of_doomed().under(root) == {}


def test_killed_takedown_names_audit_sheets_when_it_is_finished(space: Workspace, town: Town) -> None:
    """Repair, and the next takedown, name the sheets elsewhere, although the records have lost the rows already."""
    desk = town.folder / "desk"
    add_audit(space, "outside", desk)
    line = f"the sheets of quotes-outside in {desk} have rows of it; remove them there, and all copies"

    def kill_after_erasing(target: TakedownTarget) -> str:
        work = plan_takedown(space, target)
        names = target_names(target, work)
        begun = space.takedowns.begin("article", names=names, work=work, at=space.settings.now(), reason=None)
        assert AuditStore(space.settings).erase(work.article_ids).remaining == (line,)
        return begun.takedown_id

    target = TakedownTarget(kind="article", value=town.server.url(FERRY))
    killed = kill_after_erasing(target)
    assert repair(space)["takedowns"] == (f"finished takedown {killed}", f"takedown {killed}: {line}")
    kill_after_erasing(target)
    nobodys = TakedownTarget(kind="article", value=town.server.url("/nobody"))
    assert forget(space, nobodys, reason=None, report_progress=lambda _: None).remaining == (line,)


def test_takedown_is_unfinished_while_an_audit_sheet_cannot_be_read(space: Workspace, town: Town) -> None:
    """A file among the sheets that cannot be cleared makes the takedown unfinished until it is removed."""
    add_audit(space, "inside")
    book = space.settings.data_dir / "audits/quotes-inside/ana.xlsx"
    book.write_bytes(b"PK\x03\x04\xff")
    target = TakedownTarget(kind="article", value=town.server.url(FERRY))
    done = forget(space, target, reason=None, report_progress=lambda _: None)
    assert done.unfinished == (f"{book} may have rows of it; remove the file, then run `newslake lake repair`",)
    assert done.parts["audit"] == 2
    book.unlink()
    assert f"finished takedown {done.takedown_id}" in finish_takedowns(space)
    assert [each.is_done for each in space.takedowns.all()] == [True]


def test_command_names_audit_sheets_again(space: Workspace, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies elsewhere are named also if nothing else of the article is found any more."""
    set_environment(monkeypatch, space)
    add_audit(space, "inside")
    seen = [CliRunner().invoke(app, ["forget", town.server.url(FERRY), "--yes"]) for _ in range(2)]
    assert [each.exit_code for each in seen] == [0, 1]
    for each in seen:
        assert "sheets of quotes-inside that were exported" in " ".join(each.output.split())


def test_takedown_needs_the_addon(space: Workspace, town: Town) -> None:
    """With sheets in the data root and the add-on left out, a takedown stops, and changes no sheet."""
    add_audit(space, "inside")
    before = traces_of_doomed().under(space.settings.data_dir / "audits")
    bare = Workspace(space.settings.replace(addons="search"))
    with pytest.raises(ConfigError, match=r"audits may have data of articles.*; add audit to NEWS_ADDONS, or delete "):
        forget(bare, all_targets(space, town)[0], reason=None, report_progress=lambda _: None)
    assert traces_of_doomed().under(space.settings.data_dir / "audits") == before
