"""Both stores have the methods of the interfaces, with the same parameters."""

import inspect

import pytest

from pipeline.archive import FetchState, Takedowns
from pipeline.archive.index import Index
from pipeline.archive.leases import FileLease, FileLeases
from pipeline.archive.writer import RecordFile, RecordFiles, WarcFile, WarcFolder
from pipeline.fetch.rate_limit import FileRates
from pipeline.jobs.in_flight import FileTurn, FileTurns
from pipeline.lake.article_index import ArticleIndex
from pipeline.shared.alerts import PostgresAlertRows, PostgresAlerts
from pipeline.shared.article_index import PostgresArticleIndex
from pipeline.shared.blocklist import PostgresBlocklist
from pipeline.shared.bucket import Bucket
from pipeline.shared.capture_index import PostgresCaptureIndex
from pipeline.shared.inbox import BucketInbox
from pipeline.shared.leases import PostgresLease, PostgresLeases, PostgresRates
from pipeline.shared.page_states import PostgresPageStates
from pipeline.shared.turns import PostgresTurn, PostgresTurns
from pipeline.shared.warc_objects import WarcObject, WarcObjects
from pipeline.sources import FolderInbox
from pipeline.store.alerts import AlertRows, AlertState
from pipeline.store.folder import FolderObjects
from pipeline.store.inbox import Inbox, InboxClaims
from pipeline.store.leases import HostRates, Lease, Leases, TurnRecord, TurnRecords
from pipeline.store.objects import Objects
from pipeline.store.sqlite_alerts import SqliteAlertRows, SqliteAlerts
from pipeline.store.state import Blocklist, CaptureIndex, PageStates
from pipeline.store.tables import ArticleStates

STORES = {
    CaptureIndex: (Index, PostgresCaptureIndex),
    PageStates: (FetchState, PostgresPageStates),
    Blocklist: (Takedowns, PostgresBlocklist),
    ArticleStates: (ArticleIndex, PostgresArticleIndex),
    Lease: (FileLease, PostgresLease),
    Leases: (FileLeases, PostgresLeases),
    HostRates: (FileRates, PostgresRates),
    Inbox: (FolderInbox, BucketInbox),
    InboxClaims: (PostgresLeases,),
    TurnRecord: (FileTurn, PostgresTurn),
    TurnRecords: (FileTurns, PostgresTurns),
    Objects: (FolderObjects, Bucket),
    AlertState: (SqliteAlerts, PostgresAlerts),
    AlertRows: (SqliteAlertRows, PostgresAlertRows),
    RecordFiles: (WarcFolder, WarcObjects),
    RecordFile: (WarcFile, WarcObject),
}


def _parameters(method: object) -> list[tuple[object, ...]]:
    return [(each.name, each.kind, each.default) for each in inspect.signature(method).parameters.values()]


@pytest.mark.parametrize("interface", STORES, ids=lambda each: each.__name__)
def test_stores_have_the_methods_of_the_interface(interface):
    """Each implementation has each method, with the same names, kinds and defaults of its parameters."""
    methods = {name: method for name, method in vars(interface).items() if inspect.isfunction(method)}
    wanted = {name: _parameters(method) for name, method in methods.items() if not name.startswith("_")}
    assert wanted

    for store in STORES[interface]:
        assert {name: _parameters(getattr(store, name)) for name in wanted} == wanted, store
