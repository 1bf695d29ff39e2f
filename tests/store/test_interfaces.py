"""Both stores have the methods of the interfaces, with the same parameters."""

import inspect

import pytest

from newslake.pipeline.archive import FetchState, Takedowns
from newslake.pipeline.archive.index import Index
from newslake.pipeline.archive.interfaces import Blocklist, CaptureIndex, PageStates
from newslake.pipeline.archive.leases import FileLease, FileLeases
from newslake.pipeline.archive.writer import RecordFile, RecordFiles, WarcFile, WarcFolder
from newslake.pipeline.fetch.rate_limit import FileRates
from newslake.pipeline.jobs.in_flight import FileTurn, FileTurns
from newslake.pipeline.lake.article_index import ArticleIndex
from newslake.pipeline.leases import HostRates, Lease, Leases, TurnRecord, TurnRecords
from newslake.pipeline.shared.article_index import PostgresArticleIndex
from newslake.pipeline.shared.blocklist import PostgresBlocklist
from newslake.pipeline.shared.bucket import Bucket
from newslake.pipeline.shared.capture_index import PostgresCaptureIndex
from newslake.pipeline.shared.inbox import BucketInbox
from newslake.pipeline.shared.leases import PostgresLease, PostgresLeases, PostgresRates
from newslake.pipeline.shared.page_states import PostgresPageStates
from newslake.pipeline.shared.side_state import PostgresSideRows, PostgresSideState
from newslake.pipeline.shared.turns import PostgresTurn, PostgresTurns
from newslake.pipeline.shared.warc_objects import WarcObject, WarcObjects
from newslake.pipeline.sources import FolderInbox
from newslake.pipeline.store.inbox import Inbox
from newslake.pipeline.store.side_state import SideRows, SideState
from newslake.pipeline.store.sqlite_side_state import SqliteSideRows, SqliteSideState
from newslake.pipeline.store.tables import ArticleStates
from tests.store.folder import FolderObjects

STORES = {
    CaptureIndex: (Index, PostgresCaptureIndex),
    PageStates: (FetchState, PostgresPageStates),
    Blocklist: (Takedowns, PostgresBlocklist),
    ArticleStates: (ArticleIndex, PostgresArticleIndex),
    Lease: (FileLease, PostgresLease),
    Leases: (FileLeases, PostgresLeases),
    HostRates: (FileRates, PostgresRates),
    Inbox: (FolderInbox, BucketInbox),
    TurnRecord: (FileTurn, PostgresTurn),
    TurnRecords: (FileTurns, PostgresTurns),
    FolderObjects: (Bucket,),  # what tests use in place of a bucket
    SideState: (SqliteSideState, PostgresSideState),
    SideRows: (SqliteSideRows, PostgresSideRows),
    RecordFiles: (WarcFolder, WarcObjects),
    RecordFile: (WarcFile, WarcObject),
}


def _parameters(method: object) -> list[tuple[object, ...]]:
    return [(each.name, each.kind, each.default) for each in inspect.signature(method).parameters.values()]


@pytest.mark.parametrize("interface", STORES, ids=lambda each: each.__name__)
def test_stores_have_the_methods_of_the_interface(interface):
    """Each implementation has each method, with the same names, kinds and defaults; more parameters have defaults."""
    methods = {name: method for name, method in vars(interface).items() if inspect.isfunction(method)}
    wanted = {name: _parameters(method) for name, method in methods.items() if not name.startswith("_")}
    assert wanted

    for store in STORES[interface]:
        there = {name: _parameters(getattr(store, name)) for name in wanted}
        assert {name: parameters[: len(wanted[name])] for name, parameters in there.items()} == wanted, store
        more = [each for name, parameters in there.items() for each in parameters[len(wanted[name]) :]]
        assert [name for name, _, default in more if default is inspect.Parameter.empty] == []
