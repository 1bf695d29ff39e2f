"""The REST catalog: its addresses, keys in messages, and a server that never answers."""

import dataclasses
import socket
import time
from collections.abc import Iterator
from contextlib import nullcontext
from importlib.util import find_spec

import pytest
from pyiceberg.exceptions import NoSuchTableError

from newslake.pipeline.errors import ConfigError, StoreError
from newslake.pipeline.shared.catalog import ClientTokens, TransactionCatalog
from newslake.pipeline.shared.tables import create_tables
from tests.scale.proxy import proxy_to
from tests.store.conftest import skip_missing
from tests.store.table_stores import FileLease, catalog_of, places_of


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=20) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize(
    "uri",
    ["http://user:s3cret@127.0.0.1:9", "https://s3cret@lake.test", "s3cret", "http://[s3cret", "ftp://s3cret.test"],
)
def test_address_with_a_key_is_refused_without_it(uri):
    """An address that has a key, or is not a URL, is refused; neither the message nor its key has it."""
    with pytest.raises(ConfigError, match="without a key") as caught:
        TransactionCatalog("lake", uri=uri)

    assert caught.value.reason == "store_url"
    assert "s3cret" not in f"{caught.value} {caught.value.key}"


@pytest.mark.filterwarnings("ignore:A test tried")
def test_plain_http_is_for_this_machine():
    """An address without encryption on another machine is refused, also that of tokens; it may be allowed."""
    for given in (
        {"uri": "http://lake.test:9"},
        {"uri": "https://lake.test", "oauth2-server-uri": "http://lake.test:9"},
    ):
        with pytest.raises(ConfigError, match="not encrypted") as caught:
            TransactionCatalog("lake", **given, token="t0ken")
        assert "t0ken" not in str(caught.value)
    with pytest.raises(StoreError, match="catalog at"):  # it is tried: no test may connect to it
        TransactionCatalog("lake", uri="http://0.0.0.0:9", allow_http=True)


def test_catalog_that_never_answers(silent):
    """A catalog that accepts the connection and is silent is an error after the time that is given."""
    with pytest.raises(StoreError, match="does not answer") as caught:
        TransactionCatalog("lake", uri=silent, timeout_seconds=0.5)

    assert caught.value.reason == "store_unreachable"


def test_catalog_that_falls_silent(weed, silent):
    """Tables cannot be created with a catalog that has fallen silent: an error says so."""
    catalog = catalog_of(weed, timeout_seconds=2.0)
    catalog.uri = silent
    places = dataclasses.replace(places_of(weed, "silent"), catalog=catalog)
    with pytest.raises(StoreError, match="does not answer") as caught:
        create_tables(places, lambda: nullcontext(FileLease()))

    assert caught.value.reason == "store_unreachable"


def test_client_credential(weed):
    """With a credential, pyiceberg's requests and our own have a token."""
    catalog = TransactionCatalog("lake", **_credential(weed, "newslake-secret"))
    catalog.create_namespace("tokens")

    with pytest.raises(NoSuchTableError):
        catalog.load_table(("tokens", "articles"))


def test_wrong_credential(weed):
    """A credential that the server refuses is an error that says where it is, and does not repeat it."""
    with pytest.raises(StoreError, match="refuses") as caught:
        TransactionCatalog("lake", **_credential(weed, "wr0ng")).list_namespaces()

    assert "wr0ng" not in str(caught.value)
    assert "; correct its credential in the file of NEWS_CATALOG_PROPERTIES_FILE" in str(caught.value)


def test_token_is_replaced_before_it_expires(weed, monkeypatch):
    """A token is used until shortly before its end, an hour here; then there is another one."""
    with proxy_to(int(weed.catalog_url.rpartition(":")[2])) as proxy:
        url = f"{proxy.endpoint}/v1/oauth/tokens"
        tokens = ClientTokens("newslake:newslake-secret", url=url, scope="catalog", timeout_seconds=5)
        start = time.monotonic()
        for minutes in (0, 50, 59.5, 100):
            monkeypatch.setattr(time, "monotonic", lambda seconds=start + 60 * minutes: seconds)
            assert tokens.auth_header().startswith("Bearer ey")
        monkeypatch.undo()

    assert proxy.heads == ["POST /v1/oauth/tokens HTTP/1.1"] * 2


def _credential(weed, secret):
    return {"uri": weed.catalog_url, "warehouse": weed.warehouse, "credential": f"newslake:{secret}"}


def test_signed_catalog_without_a_key_is_one_sentence(monkeypatch, tmp_path):
    """A catalog that wants signed requests is refused with a sentence if no key is set."""
    if find_spec("boto3") is None:
        skip_missing("boto3 is not installed: pip install boto3")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    given = {"uri": "http://127.0.0.1:1", "rest.sigv4-enabled": "true", "rest.signing-region": "eu-central-1"}
    with pytest.raises(StoreError, match="no key is set"):
        TransactionCatalog("lake", **given)
