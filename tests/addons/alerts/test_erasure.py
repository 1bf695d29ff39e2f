"""Alerts and takedowns: nothing about a deleted article is left, and damage and loss are named."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from newslake.pipeline.addons.alerts.alert import AlertCheck, AlertItem
from newslake.pipeline.addons.alerts.erasure import problems_of_alerts
from newslake.pipeline.addons.alerts.state import ALERTS
from newslake.pipeline.addons.alerts.store import AlertStore, open_alert_store, write_feeds_again
from newslake.pipeline.cli import app
from newslake.pipeline.errors import BrokenDatabaseError, ConfigError, MissingStoreError
from newslake.pipeline.jobs.inventory import missing_stores
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import article_id_of, canonical_url
from newslake.pipeline.settings import Settings
from newslake.pipeline.upkeep.health import examine
from newslake.pipeline.upkeep.maintenance import read_everything, repair, verify
from newslake.pipeline.upkeep.takedown import TakedownTarget, forget
from tests.addons.alerts.receiver import NOON, policy, rows, state
from tests.traces import Traces

URL = "https://harbour.example/quicksilver-lanterns?utm_source=feed"
KEY = canonical_url(URL)
ARTICLE = article_id_of(canonical=KEY, text="")
WORDS = "Zephyrine Quackenthorpe carries quicksilver lanterns"
DOOMED = (
    AlertItem(key="1", title=WORDS, article_id=ARTICLE, article_url=URL, receipt=f"http://127.0.0.1/{ARTICLE}"),
    AlertItem(key="2", title=WORDS, article_url=URL),
    AlertItem(key="3", title=WORDS, command=f"newslake why {ARTICLE}"),
    AlertItem(key="5", title=WORDS, detail=f'broken: "{URL}", see {URL}&utm_medium=mail.'),
)
STAYING = AlertItem(key="4", title="the bridge is open", article_url="https://bridge.example/open")
TRACES = Traces([WORDS, KEY.removeprefix("https://")])


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "sources.toml").touch()
    return Settings.load(
        data_dir=tmp_path,
        sources_file=tmp_path / "sources.toml",
        durability="process",
        frozen_now=datetime(2026, 3, 10, 13, tzinfo=UTC).isoformat(),
    )


@pytest.fixture
def store(settings: Settings) -> AlertStore:
    """Alerts about a doomed article: open, waiting in a message of its own and in one with another article."""
    found = open_alert_store(Workspace(settings))
    items = {"lost": DOOMED[:1], "both": (*DOOMED, STAYING), "bridge": (STAYING,)}
    for rule, those in items.items():
        check = AlertCheck(rule=rule, kind="state", items=those)
        found.record(check, policy(rule=rule), now=NOON)
    check = AlertCheck(rule="rows", kind="rows", items=DOOMED)
    found.record(check, policy(rule="rows"), now=NOON)
    return found


def subjects(store: AlertStore) -> list[str]:
    found = []
    while (delivery := store.next_delivery("desk")) is not None:
        found.append(delivery.subject)
        store.mark_sent("desk", delivery.delivery_id)
    return found


def forget_url(settings: Settings) -> None:
    target = TakedownTarget(kind="article", value=URL)
    forget(Workspace(settings), target, reason=None, report_progress=lambda _: None)


def test_takedown_leaves_no_trace_in_alerts(settings: Settings, store: AlertStore) -> None:
    """Open alerts, waiting messages and Atom files lose the article, by id, address and mention; others stay."""
    assert set(TRACES.under(settings.data_dir)) >= {f"alerts/feeds/{rule}.xml" for rule in ("lost", "both", "rows")}
    before = Path(store.feed_place("bridge")).read_bytes()
    forget_url(settings)
    assert TRACES.under(settings.data_dir) == {}
    assert Traces([ARTICLE]).under(settings.data_dir / "alerts") == {}  # the blocklist has it
    write_feeds_again(Workspace(settings))
    assert TRACES.under(settings.data_dir) == {}
    assert Path(store.feed_place("bridge")).read_bytes() == before
    assert "the bridge is open" in Path(store.feed_place("both")).read_text()
    assert "<entry>" not in Path(store.feed_place("lost")).read_text()
    assert subjects(store) == ["Both: the bridge is open", "Bridge: the bridge is open"]


def test_message_with_more_rows_keeps_its_count(settings: Settings) -> None:
    """A message of many rows, all listed ones of which are deleted, still says how many others there are."""
    store = open_alert_store(Workspace(settings))
    check = AlertCheck(
        rule="ferry", kind="rows", items=DOOMED, unlisted=tuple(f"row {number}" for number in range(496))
    )
    store.record(check, policy(rule="ferry"), now=NOON)
    forget_url(settings)
    assert subjects(store) == ["Ferry: 496 new rows"]


def test_deleted_rows_are_not_reported_again(settings: Settings, store: AlertStore) -> None:
    """The key of a row that was reported stays, as a hash, so that the same row elsewhere is not reported again."""
    forget_url(settings)
    store.record(rows("3", rule="rows"), policy(rule="rows"), now=NOON)
    assert [each for each in subjects(store) if each.startswith("Rows")] == []


def test_forget_command_writes_the_atom_files_again(
    settings: Settings, store: AlertStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After `newslake forget` every Atom file is there, without the article."""
    monkeypatch.setenv("NEWS_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("NEWS_SOURCES_FILE", str(settings.sources_file))
    CliRunner().invoke(app, ["forget", URL, "--yes"])
    assert sorted(path.name for path in Path(store.feed_place("both")).parent.iterdir()) == [
        f"{rule}.xml" for rule in ("both", "bridge", "lost", "rows")
    ]
    assert TRACES.under(settings.data_dir) == {}


def test_takedown_waits_for_a_check_that_has_read(settings: Settings, store: AlertStore) -> None:
    """What a check read before the takedown, and records after the tables lost it, is erased with the rest."""
    with ThreadPoolExecutor(1) as pool:
        with store.exclusive():  # the check reads the tables here
            takedown = pool.submit(forget_url, settings)
            wait([takedown], timeout=0.5)
            assert not takedown.done()
            check = AlertCheck(rule="late", kind="rows", items=DOOMED)
            store.record(check, policy(rule="late"), now=NOON)
        takedown.result(timeout=300)
    assert TRACES.under(settings.data_dir) == {}


def test_data_root_without_alerts_stays_without(settings: Settings) -> None:
    """A takedown makes no alerts, and there is nothing to verify."""
    forget_url(settings)
    write_feeds_again(Workspace(settings))
    assert not (settings.data_dir / "alerts").exists()
    assert list(problems_of_alerts(settings)) == []


def test_damage_is_named_by_verify_and_doctor(settings: Settings, store: AlertStore) -> None:
    """A changed row is named by a deep verify, a file that is no database by doctor too, with what to do."""
    with sqlite3.connect(settings.data_dir / ALERTS) as found:
        found.execute("UPDATE alerts_deliveries SET sender = 'other' WHERE seq = 1")
    found.close()
    [problem] = verify(Workspace(settings), reads=read_everything).problems
    assert "alerts.sqlite has a damaged row in alerts_deliveries" in problem
    assert f"--give-up {ALERTS}" in problem
    for path in (settings.data_dir / "alerts").glob("alerts.sqlite*"):
        path.write_bytes(b"no database " * 500)
    [finding] = [each for each in examine(Workspace(settings)) if each.name == "alert_state"]
    assert finding.status == "fail"
    assert "alerts.sqlite is damaged" in finding.message
    with pytest.raises(BrokenDatabaseError, match="restore it from a backup"):
        open_alert_store(Workspace(settings))


def test_lost_database_is_no_fresh_start(settings: Settings, store: AlertStore) -> None:
    """If the database is gone, the next check says so; after it is given up, what is open is reported once more."""
    assert subjects(store) != []
    store.record(state("river"), policy(), now=NOON)
    for path in (settings.data_dir / "alerts").glob("alerts.sqlite*"):
        path.unlink()
    with pytest.raises(MissingStoreError, match=f"--give-up {ALERTS}"):
        open_alert_store(Workspace(settings))
    assert list(missing_stores(settings)) == [ALERTS]
    assert repair(Workspace(settings), gives_up=[ALERTS])["stores"] == (f"goes on without {ALERTS}, which was lost",)
    again = open_alert_store(Workspace(settings))
    again.record(state("river"), policy(), now=NOON)
    assert subjects(again) == ["Sources: river is stale"]


def test_takedown_with_a_lost_database_deletes_the_atom_files(settings: Settings, store: AlertStore) -> None:
    """Atom files without their database lose the article, too."""
    for path in (settings.data_dir / "alerts").glob("alerts.sqlite*"):
        path.unlink()
    repair(Workspace(settings), gives_up=[ALERTS])
    forget_url(settings)
    assert TRACES.under(settings.data_dir) == {}


def test_damaged_item_is_deleted_by_a_takedown(settings: Settings, store: AlertStore) -> None:
    """An item that cannot be read may be about any article: a takedown deletes it."""
    with sqlite3.connect(settings.data_dir / ALERTS) as found:
        found.execute("UPDATE alerts_items SET content = substr(content, 5), article_id = NULL")
    found.close()
    forget_url(settings)
    assert TRACES.under(settings.data_dir) == {}


def test_takedown_needs_the_addon(settings: Settings, store: AlertStore) -> None:
    """With the state of alerts on disk and the add-on left out, a takedown stops before anything is deleted."""
    bare = settings.replace(addons="none")
    before = {path: path.read_bytes() for path in (settings.data_dir / "alerts").rglob("*") if path.is_file()}
    with pytest.raises(
        ConfigError, match=r"alerts\.sqlite, .*alerts/feeds may have data of .*add alerts to NEWS_ADDONS"
    ):
        forget_url(bare)
    assert Workspace(bare).takedowns.all() == ()
    assert {path: path.read_bytes() for path in before} == before
    for path in (settings.data_dir / "alerts").rglob("*.*"):
        path.unlink()
    repair(Workspace(bare), gives_up=[ALERTS])
    forget_url(bare)
    assert TRACES.under(settings.data_dir) == {}
