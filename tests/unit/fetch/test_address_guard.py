"""Only public addresses are connected to, except those of configured private hosts."""

import pytest

from newslake.pipeline.fetch.address_guard import AddressBook, Endpoint, is_public
from newslake.pipeline.fetch.retry import FetchFailure


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07::1", "64:ff9b::5db8:d70e"])
def test_public_addresses(address):
    """Addresses of the public network are public, also inside an IPv6 address."""
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fc00::1",
        "fe80::1%eth0",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "2002:7f00:1::",
        "64:ff9b::10.0.0.1",
        "2001:db8::1",
        "::ffff:0:127.0.0.1",
        "fec0::1",
        "192.88.99.1",
    ],
)
def test_private_addresses(address):
    """Private, local, shared, multicast and reserved addresses are not public, in any IPv6 form."""
    assert not is_public(address)


def test_private_host_needs_its_port():
    """A private host may be connected to at its configured port only."""
    book = AddressBook(frozenset({"127.0.0.1:8000"}))

    assert book.endpoint("127.0.0.1", 8000) == Endpoint("127.0.0.1", 8000, ("127.0.0.1",))
    refused = book.endpoint("127.0.0.1", 8001)
    assert isinstance(refused, FetchFailure)
    assert (refused.kind, refused.reason) == ("permanent", "private_address")
    assert '"127.0.0.1:8001"' in refused.detail


def test_host_is_resolved_once():
    """Connections use the checked address: a second lookup gives the same result."""
    book = AddressBook(frozenset({"localhost:80"}))

    assert book.endpoint("localhost", 80) is book.endpoint("localhost", 80)


def test_name_without_address_is_retried():
    """A name that does not resolve is a transient failure."""
    found = AddressBook(frozenset()).endpoint("nowhere..invalid", 80)

    assert isinstance(found, FetchFailure)
    assert (found.kind, found.reason) == ("retry", "dns_failed")


@pytest.mark.parametrize(
    ("private", "hint"),
    [
        (frozenset(), 'write as the first line of sources.toml: private_hosts = ["127.0.0.1:8917"]'),
        (frozenset({"127.0.0.1:1"}), 'add "127.0.0.1:8917" to private_hosts in sources.toml'),
    ],
)
def test_refusal_says_what_to_write(private, hint):
    """The refusal of a private address has the whole line to write, or what to add to the hosts that are there."""
    found = AddressBook(private).endpoint("127.0.0.1", 8917)
    assert isinstance(found, FetchFailure)
    assert found.detail.endswith(f"if this is intended, {hint}")
