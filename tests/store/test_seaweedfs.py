"""The server of the tests itself: it keeps what it has over a kill, and gives each key its rights."""

import os
import signal

import obstore
import pytest
from obstore.exceptions import GenericError, PermissionDeniedError
from pyiceberg.catalog import load_catalog


def test_server_keeps_objects_and_tables_over_a_kill(mortal_weed, monkeypatch):
    """After SIGKILL and a start, at the same addresses, all objects and namespaces are there."""
    for name, value in mortal_weed.admin.environment().items():
        monkeypatch.setenv(name, value)
    obstore.put(mortal_weed.client(), "a/b", b"kept")
    load_catalog("weed", **mortal_weed.catalog_properties()).create_namespace("kept")
    before = (mortal_weed.endpoint, mortal_weed.catalog_url)
    os.kill(mortal_weed.pid, signal.SIGKILL)
    mortal_weed.restart()

    assert (mortal_weed.endpoint, mortal_weed.catalog_url) == before
    assert bytes(obstore.get(mortal_weed.client(), "a/b").bytes()) == b"kept"
    assert ("kept",) in load_catalog("weed", **mortal_weed.catalog_properties()).list_namespaces()


def test_full_server_refuses_writes_and_reads_on(mortal_weed):
    """A server that is full answers reads, and no writes; with room again it does both."""
    obstore.put(mortal_weed.client(), "full/kept", b"kept")
    mortal_weed.restart(is_full=True)
    with pytest.raises(GenericError):
        obstore.put(mortal_weed.client(), "full/more", b"more")

    assert bytes(obstore.get(mortal_weed.client(), "full/kept").bytes()) == b"kept"

    mortal_weed.restart()
    obstore.put(mortal_weed.client(), "full/more", b"more")


def test_reader_may_not_write(weed):
    """The key of the reader reads objects, and is refused as a writer."""
    obstore.put(weed.client(), "rights/a", b"a")

    assert bytes(obstore.get(weed.client(key=weed.reader), "rights/a").bytes()) == b"a"

    with pytest.raises(PermissionDeniedError):
        obstore.put(weed.client(key=weed.reader), "rights/b", b"b")
