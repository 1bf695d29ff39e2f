"""The sheet of an audit as readers fill it: offline, by keyboard, saved, exported; hostile strings and pages."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from newslake.pipeline.addons.audit.draw import AuditDraw, DrawnRow
from newslake.pipeline.addons.audit.questions import AUDITED_TABLES, questions_for
from newslake.pipeline.addons.audit.report import audit_item
from newslake.pipeline.addons.audit.sheet import FilledSheet, erase_page_rows, read_sheet, write_sheet
from newslake.pipeline.addons.audit.sheet_page import SheetRow, audit_sheet, build_sheet_row
from tests.addons.audit.audit_rows import contexts_of, draw_of, golden_sheet
from tests.browser.hostile import hostile_strings
from tests.browser.looking import assert_standing, overflow, references, running, violations, violations_in_both_schemes
from tests.browser.shown import letters
from tests.browser.walking import tab_to
from tests.browser.watch import watched_page
from tests.long_form import LONG

COUNT = 4
STRINGS = hostile_strings()


def _file(folder: Path, draw: AuditDraw, rows: list[SheetRow]) -> str:
    path = folder / f"{draw.draw_id}.html"
    path.write_text(audit_sheet(draw, rows), "utf-8")
    return path.as_uri()


@contextmanager
def _opened(browser: Browser, url: str, *, reader: str = "Ana", **options: Any) -> Iterator[Page]:
    """Yield a sheet, offline and watched, after its reader has given a name."""
    with watched_page(browser, home=url, offline=True, **options) as (page, _):
        page.goto(url)
        _begin(page, reader)
        yield page


def _begin(page: Page, reader: str) -> None:
    assert page.evaluate("() => document.activeElement.id") == "reader"
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(reader)
    page.keyboard.press("Enter")


def _press(page: Page, keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def _export(page: Page, folder: Path) -> Path:
    with page.expect_download() as started:
        page.keyboard.press("e")
    path = folder / started.value.suggested_filename
    started.value.save_as(path)
    return path


def _answers(sheet: FilledSheet) -> list[Mapping[str, str]]:
    assert sheet.problems == ()
    return [row.answers for row in sheet.rows]


@pytest.fixture(scope="module")
def quotes() -> tuple[AuditDraw, list[SheetRow]]:
    """A draw of quotes with its rows."""
    return golden_sheet("quotes", count=COUNT)


@pytest.fixture
def url(quotes: tuple[AuditDraw, list[SheetRow]], tmp_path: Path) -> str:
    """The sheet of the draw of quotes."""
    return _file(tmp_path, *quotes)


def test_rows_are_answered_by_keyboard_alone(browser: Browser, quotes, url: str, tmp_path: Path) -> None:
    """Keys answer, correct, note, undo and export; after a reload the answers are there; the export is a sheet."""
    draw, _ = quotes
    with _opened(browser, url) as page:
        progress = page.locator("#progress")
        _press(page, "1212s")
        page.keyboard.type("Nobody Else")
        page.keyboard.press("Enter")
        _press(page, "11")
        expect(progress).to_have_text(f"1 of {COUNT} rows complete")
        expect(page.locator("section:visible .number")).to_have_text(f"Row 2 of {COUNT}")
        _press(page, "3")  # no statement: no other question follows
        expect(page.locator("section:visible .number")).to_have_text(f"Row 3 of {COUNT}")
        _press(page, "11u3n")
        page.keyboard.type("two words too many: 1, 2")
        page.keyboard.press("Escape")
        page.reload()
        _begin(page, "Ana")
        expect(progress).to_have_text(f"2 of {COUNT} rows complete")
        expect(page.locator("section:visible .number")).to_have_text(f"Row 3 of {COUNT}")
        expect(page.locator("#note")).to_have_value("two words too many: 1, 2")
        _press(page, "1100")
        page.keyboard.press("ArrowLeft")
        expect(page.locator("#question-statement input:checked")).to_have_value("right")
        sheet = read_sheet(_export(page, tmp_path), draw)

    right = dict.fromkeys(("statement", "span", "type", "speaker", "kind", "gender"), "right")
    assert _answers(sheet) == [
        right | {"span": "partly", "speaker": "partly"},
        {"statement": "wrong"},
        right | {"span": "wrong", "kind": "unclear", "gender": "unclear"},
        {},
    ]
    assert (sheet.reader, sheet.rows[0].corrections) == ("Ana", {"speaker_name": "Nobody Else"})
    assert [row.note for row in sheet.rows] == ["", "", "two words too many: 1, 2", ""]


@pytest.mark.parametrize("table", AUDITED_TABLES)
def test_empty_export_is_the_sheet_as_csv(browser: Browser, table: str, tmp_path: Path) -> None:
    """Before any answer the export has the bytes of the CSV that is written with the page, and the reader."""
    draw, rows = golden_sheet(table, count=COUNT)
    with _opened(browser, _file(tmp_path, draw, rows)) as page:
        exported = _export(page, tmp_path)

    header, *lines = write_sheet(draw, contexts_of(rows)).split(f"\r\n{draw.draw_id}")
    with_reader = [f"{line.removesuffix('\r\n')}Ana" for line in lines]
    assert exported.name == f"{draw.draw_id}-Ana.csv"
    assert exported.read_bytes().decode() == f"\r\n{draw.draw_id}".join((header, *with_reader)) + "\r\n"


def test_readers_do_not_mix(browser: Browser, url: str) -> None:
    """Another reader on the same browser begins with an empty sheet; the first one finds the answers again."""
    with _opened(browser, url) as page:
        _press(page, "33")
        expect(page.locator("#progress")).to_have_text(f"2 of {COUNT} rows complete")
        tab_to(page, "#change")
        page.keyboard.press("Enter")
        _begin(page, 'Bo", "x')
        expect(page.locator("#progress")).to_have_text(f"0 of {COUNT} rows complete")
        page.reload()
        _begin(page, "Ana")
        expect(page.locator("#progress")).to_have_text(f"2 of {COUNT} rows complete")


def test_export_is_imported_elsewhere(browser: Browser, quotes, url: str, tmp_path: Path) -> None:
    """In another browser an export is imported, also as a spreadsheet saves it; another draw's or reader's is not."""
    draw, _ = quotes
    with _opened(browser, url) as page:
        _press(page, "123n")
        page.keyboard.insert_text('a "note"; with, all\nkinds')
        page.keyboard.press("Escape")
        first = _export(page, tmp_path)
    text = first.read_text("utf-8-sig")
    with _opened(browser, url) as page:
        for found, message in (
            (text.replace(draw.draw_id, "quotes-2"), "Nothing was imported: this is not the sheet of this draw."),
            (text.replace("Ana\n", "Bo\n"), "Nothing was imported: this is the sheet of Bo, not of Ana."),
            (text, f"Imported the answers to 1 of {COUNT} rows."),
        ):
            (tmp_path / "other.csv").write_text(found, "utf-8")
            page.locator("#import").set_input_files(tmp_path / "other.csv")
            expect(page.locator("#message")).to_have_text(message)
        again = _export(page, tmp_path / "again")

    assert again.read_bytes() == first.read_bytes()


def test_import_replaces_answers_only_if_the_reader_says_so(browser: Browser, quotes, url: str, tmp_path: Path) -> None:
    """An empty sheet changes no answer; other answers to the same rows replace them only after a question."""
    draw, rows = quotes
    (tmp_path / "empty.csv").write_text(write_sheet(draw, contexts_of(rows)), "utf-8")
    with _opened(browser, url) as page:
        _press(page, "3")
        changed = tmp_path / "changed.csv"
        changed.write_text(_export(page, tmp_path).read_text("utf-8-sig").replace(",wrong,", ",right,", 1), "utf-8")
        # Every dialog of the browser fails the test, so the page's question is answered here.
        page.evaluate("() => { window.shown = []; window.confirm = text => { shown.push(text); return false } }")
        for file in ("empty.csv", "changed.csv"):
            page.locator("#import").set_input_files(tmp_path / file)
        page.wait_for_function("() => shown.length > 0")
        questions = page.evaluate("() => shown")
        kept = _answers(read_sheet(_export(page, tmp_path / "kept"), draw))

    assert questions == [f"Replace your answers to 1 of {COUNT} rows by those of the file?"]
    assert kept[0] == {"statement": "wrong"}


def test_answers_that_cannot_be_saved_are_reported(browser: Browser, url: str) -> None:
    """If the browser's storage is full, the page says so, and warns nobody before."""
    with _opened(browser, url) as page:
        page.keyboard.press("1")
        expect(page.locator("#warning")).to_be_hidden()
        page.evaluate(
            "() => { for (let n = 1 << 22; n >= 1; n >>= 1) try { for (let i = 0; ; i++) "
            "localStorage.setItem(`${n} ${i}`, 'x'.repeat(n)) } catch {} }"
        )
        page.keyboard.press("1")
        expect(page.locator("#warning")).to_contain_text("does not save")


def test_sheet_works_after_a_takedown(browser: Browser, quotes, tmp_path: Path) -> None:
    """Without the rows of an article the page counts the others; without any row it still opens."""
    draw, rows = quotes
    for gone in ([draw.rows[0].article_id], [row.article_id for row in draw.rows]):
        path = tmp_path / "left.html"
        path.write_text(erase_page_rows(audit_sheet(draw, rows), frozenset(gone)), "utf-8")
        left = len(draw.without(frozenset(gone)).rows)
        with _opened(browser, path.as_uri()) as page:
            _press(page, "3jku?")
            page.keyboard.press("Escape")
            expect(page.locator("#progress")).to_have_text(f"0 of {left} rows complete")


def test_is_accessible(browser: Browser, url: str) -> None:
    """axe-core finds no violation when the page asks for the reader, and when it shows the keys."""
    with watched_page(browser, home=url, offline=True) as (page, _):
        page.goto(url)
        assert violations(page) == []
        _begin(page, "Ana")
        assert_standing(page)
        page.keyboard.press("?")
        assert violations(page) == []


@pytest.mark.parametrize("table", AUDITED_TABLES)
def test_row_is_accessible_and_fits(browser: Browser, table: str, tmp_path: Path) -> None:
    """axe-core finds no violation, light and dark, with all open; a row fits a laptop, and the width of a phone."""
    url = _file(tmp_path, *golden_sheet(table, count=COUNT, page="<p>The page."))
    with _opened(browser, url, viewport={"width": 1440, "height": 900}) as page:
        _press(page, "12")
        assert page.evaluate("() => document.querySelector('#note').getBoundingClientRect().bottom <= innerHeight")
        assert page.evaluate("() => scrollY") == 0
        page.locator("section:visible details").evaluate_all("all => all.forEach(each => each.open = true)")
        assert violations_in_both_schemes(page) == []
        page.set_viewport_size({"width": 320, "height": 640})
        assert overflow(page) == 0


# Hostile strings and pages.

_PART = 125 if LONG else 50  # strings of a sheet


def _hostile_rows(table: str, first: int) -> tuple[AuditDraw, list[SheetRow]]:
    """Return a draw whose rows have hostile strings as title, publisher, URL, text, values, stratum and page."""
    [_, [sample, *_]] = golden_sheet(table, count=1)
    drawn, rows = [], []
    for at in range(first, first + _PART):
        one, two, three = (STRINGS[(at + step) % len(STRINGS)] for step in range(3))
        name = f"{at:032x}" if table == "articles" else f"{at:032x}:{table}:0"
        values = {each.column: STRINGS[(at + 3) % len(STRINGS)] for each in questions_for(table) if each.column}
        drawn.append(DrawnRow(name, two, "1 2 3", values))
        rows.append(_hostile_row(table, drawn[-1], one, two, three))
    assert sample.drawn.values.keys() == drawn[0].values.keys()
    return draw_of(table, drawn), rows


def _hostile_row(table: str, drawn: DrawnRow, one: str, two: str, three: str) -> SheetRow:
    text = f"{two}\n\n{one} {three}\n\n{three}"
    start = len(two) + 2
    spans = [(0, len(two)), (start, start + len(one) + 1 + len(three)), (len(text) - len(three), len(text))]
    article = {
        "article_id": drawn.article_id,
        "url": one,
        "title": one,
        "publisher": two,
        "published_at": datetime(2026, 3, 2, tzinfo=UTC),
        "text": text,
        "blocks": [{"kind": "paragraph", "start_char": a, "end_char": b} for a, b in spans],
    }
    row = {
        "entity_index": 0,
        "entity_type": "PERSON",
        "cluster_index": None,
        "group_cluster_indexes": None,
        "start_char": start,
        "end_char": start + len(one),
        "mention_kind": two,
        "entity_text": one,
        "honorific_text": three,
    }
    original = three if table == "articles" else None
    return build_sheet_row(table, audit_item(drawn, row=row, article=article, original=original))


@pytest.mark.parametrize("first", range(0, len(STRINGS), _PART))
def test_hostile_strings_are_text(browser: Browser, first: int, tmp_path: Path) -> None:
    """No hostile string runs or requests anything; each is shown as text, and comes back from the export."""
    table = "articles" if first == 0 else "entities"
    draw, rows = _hostile_rows(table, first)
    reader = STRINGS[first]
    with _opened(browser, _file(tmp_path, draw, rows), reader=reader) as page:
        for at in range(_PART):
            page.locator("#note").fill(STRINGS[first + at])
            page.keyboard.press("Escape")
            _press(page, "3")
            if at % 25 == 0:
                leading = [each for each in references(page) if not each.startswith("a[href]=http")]
                assert (leading, {*running(page)}, overflow(page)) == ([], {"script"}, 0), STRINGS[first + at]
        shown = page.locator("section").evaluate_all("all => all.map(each => each.textContent)")
        exported = _export(page, tmp_path)

    missing = [
        row.context.article
        for row, text in zip(rows, shown, strict=True)
        if letters(row.context.article) not in letters(text)
    ]
    sheet = read_sheet(exported, draw)
    assert (missing, sheet.problems) == ([], ())
    assert [row.name for row in sheet.rows] == [row.name for row in draw.rows]
    assert [row.note for row in sheet.rows] == [_typed(STRINGS[first + at]) for at in range(_PART)]


def _typed(text: str) -> str:
    """Return a text as a text area has it, and as it is read."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


_PAGE = """<!doctype html><html><head>
<meta http-equiv=refresh content="0;url={0}/refresh"><base href="{0}/">
<link rel=stylesheet href={0}/style.css><link rel=preload as=image href={0}/preload.png>
<link rel=icon href={0}/icon.png><link rel=preconnect href={0}><link rel=prefetch href={0}/prefetch>
<style>@import "{0}/import.css"; body {{ background: url({0}/body.png) }}</style><script src={0}/script.js></script>
</head><body background={0}/background.png style="background: url({0}/inline.png)" onload="fetch('{0}/load')">
<script>fetch('{0}/fetch'); parent.document.body.remove(); alert(1)</script>
<link rel=preconnect href={0}><link rel=dns-prefetch href={0}>
<img src={0}/image.png srcset="{0}/set.png 2x"><iframe src={0}/frame></iframe>
<iframe srcdoc="<img src={0}/nested.png>"></iframe><object data={0}/object></object><embed src={0}/embed>
<video autoplay src={0}/video.mp4 poster={0}/poster.png></video><audio autoplay src={0}/audio.mp3></audio>
<svg><image href={0}/svg.png /><use href="{0}/use.svg#x"/><a href={0}/drawn><text y=20>Drawn</text></a></svg>
<form action={0}/form><input type=image src={0}/input.png><button formaction={0}/button>Send</button></form>
<p><a href={0}/link ping={0}/ping>Here</a> <a href={0}/top target=_top>Top</a>
<a href={0}/blank target=_blank>Blank</a></p></body></html>"""


@contextmanager
def _listener() -> Iterator[tuple[str, list[bytes]]]:
    """Yield the origin of a server, and all that any connection to it sent, b"" for a connection without a request."""
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=_accept, args=(listening, seen), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", seen
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def _accept(listening: socket.socket, seen: list[bytes]) -> None:
    with suppress(OSError):  # closed
        while True:
            connection, _ = listening.accept()
            connection.settimeout(0.2)
            with connection:
                seen.append(b"")
                with suppress(OSError):
                    seen[-1] = connection.recv(4096)


def test_archived_page_requests_nothing(browser: Browser, tmp_path: Path) -> None:
    """A hostile archived page in its frame runs nothing, and opens no connection, not even when its links are used."""
    with _listener() as (origin, seen):
        url = _file(tmp_path, *golden_sheet("articles", count=1, page=_PAGE.format(origin)))
        page = browser.new_page()
        page.goto(url)
        _begin(page, "Ana")
        page.keyboard.press("w")
        frame = page.frame_locator("iframe")
        expect(frame.get_by_text("Here")).to_be_visible()
        for name in ("Here", "Top", "Blank", "Send"):
            frame.get_by_text(name).click()
            page.wait_for_timeout(100)
        expect(page.locator("#progress")).to_have_text("0 of 1 rows complete")
        assert len(page.context.pages) == 1
        page.close()
        assert seen == []
        page = browser.new_page()
        page.set_content(f"<img src={origin}/control.png>")
        page.close()
        assert len(seen) > 0
