"""What only a bucket can do wrong: a wrong key, no rights, a full disk, lost answers, a store that is away."""

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import obstore
import pytest

from newslake.pipeline.errors import ConfigError, StoreError
from newslake.pipeline.shared.bucket import BucketService, open_bucket
from newslake.pipeline.shared.credentials import BucketKey, read_key_file
from tests.scale.postgres import free_ports
from tests.scale.proxy import first, proxy_to
from tests.scale.seaweedfs import PUBLIC, SeaweedFS, SeaweedKey
from tests.store.stores import bucket_of

LATER = re.compile(rb"(?i)(x-amz-date: \d{8}T)(\d{2})")


def failure_of(use) -> StoreError:
    with pytest.raises(StoreError) as caught:
        use()
    for secret in (SeaweedFS.admin.secret_key, SeaweedFS.reader.secret_key, "wrong-secret"):
        assert secret not in str(caught.value)
        assert secret not in repr(caught.value.__cause__)
    return caught.value


@pytest.mark.parametrize(
    ("place", "reason", "message"),
    [
        ({"key": SeaweedKey("newslake", "wrong-secret")}, "store_key_wrong", "the secret key is wrong"),
        ({"key": SeaweedKey("nobody", "wrong-secret")}, "store_key_wrong", "the access key is unknown"),
        ({"key": SeaweedFS.reader}, "store_forbidden", "the key has no right to do this"),
        ({"name": "no-such-bucket"}, "store_bucket_missing", "there is no such bucket"),
    ],
)
def test_wrong_place_is_named_at_once(weed, place, reason, message):
    """A wrong key, a key without rights and a missing bucket are found when the bucket is opened."""
    error = failure_of(lambda: bucket_of(weed, prefix="there", **place))

    assert (error.reason, error.key.startswith("s3://")) == (reason, True)
    assert message in str(error)


@pytest.mark.parametrize("place", [{"key": SeaweedKey("newslake", "wrong-secret")}, {"name": "no-such-bucket"}])
def test_reader_finds_a_wrong_place_too(weed, place):
    """Opened for reading, a wrong key or bucket is found as well."""
    assert failure_of(lambda: bucket_of(weed, is_writer=False, **place)).reason.startswith("store_")


def test_reader_reads_and_may_not_write(weed):
    """A key without rights to write can open the bucket for reading; a put and a delete are refused by name."""
    bucket_of(weed, prefix="rights").put("a", b"a")
    reader = bucket_of(weed, prefix="rights", key=weed.reader, is_writer=False)

    assert (reader.get("a"), [each.key for each in reader.list()]) == (b"a", ["a"])
    assert [failure_of(use).reason for use in (lambda: reader.put("b", b""), lambda: reader.delete("a"))] == [
        "store_forbidden",
        "store_forbidden",
    ]


def test_store_that_is_away_is_named_after_the_deadline(weed):
    """Without an answer the call ends at the deadline, and says that the store is not reachable."""
    [port] = free_ports(1)
    start = time.monotonic()
    error = failure_of(lambda: bucket_of(weed, endpoint=f"http://127.0.0.1:{port}", deadline_seconds=1.5))

    assert (error.reason, "no answer for 2 s; start the store" in str(error)) == ("store_unreachable", True)
    assert 0.5 < time.monotonic() - start < 6


def test_long_wait_is_logged_once_for_all_threads(weed, caplog):
    """A wait of some seconds is logged while it lasts, once for all threads: what for, and until when."""
    [port] = free_ports(1)
    began = time.time()

    def fail(seconds: float) -> StoreError:
        away = {"endpoint": f"http://127.0.0.1:{port}", "deadline_seconds": seconds}
        return failure_of(lambda: bucket_of(weed, prefix="away", **away))

    with ThreadPoolExecutor(3) as pool:
        assert len(list(pool.map(fail, (8.0, 8.1, 5.0)))) == 3
    [line] = caplog.records

    until = r"the object storage at s3://lake/away does not answer; trying again until (\d\d:\d\d:\d\d) UTC"
    found = re.fullmatch(until, line.getMessage())
    assert found is not None
    assert found[1] in {f"{datetime.fromtimestamp(began + seconds, UTC):%H:%M:%S}" for seconds in (8, 9)}
    assert line.created - began < 5


def test_bucket_with_versions_is_refused(weed):
    """A bucket that would keep deleted bytes is refused, because a takedown could not delete them."""
    weed.create_bucket("versions")
    weed.shell("s3.bucket.versioning -name versions -enable")
    error = failure_of(lambda: bucket_of(weed, name="versions"))

    assert (error.reason, "suspend its versioning" in str(error)) == ("store_versions", True)


def test_bucket_with_suspended_versions_is_used(weed):
    """After its versioning is suspended, as the message says, a bucket deletes, and is accepted."""
    weed.create_bucket("suspended")
    weed.shell("s3.bucket.versioning -name suspended -enable")
    weed.shell("s3.bucket.versioning -name suspended -suspend")
    bucket = bucket_of(weed, name="suspended")
    bucket.put("a", b"x")
    bucket.delete("a")
    assert (bucket.get("a"), list(bucket.list())) == (None, [])


def test_store_without_conditions_is_refused(weed, monkeypatch):
    """A store that ignores If-None-Match is refused when it is opened for writing."""
    weed.create_bucket(PUBLIC)
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")

    def forget_condition(head: bytes) -> bytes:
        return re.sub(rb"(?i)if-none-match: [^\r]*\r\n", b"", head)

    with proxy_to(weed.port, edit=forget_condition) as proxy:
        service = BucketService(endpoint=proxy.endpoint, region="us-east-1", deadline_seconds=5)
        error = failure_of(lambda: open_bucket(f"s3://{PUBLIC}/a", service=service))
    assert (error.reason, "ignores If-None-Match" in str(error)) == ("store_no_conditions", True)


def test_clocks_apart_are_named(weed):
    """If the clock of the client is hours off, the message says so."""
    with proxy_to(weed.port, edit=lambda head: LATER.sub(lambda m: m[1] + b"%02d" % ((int(m[2]) + 5) % 24), head)) as p:
        error = failure_of(lambda: bucket_of(weed, endpoint=p.endpoint, deadline_seconds=3))
    assert (error.reason, "clocks" in str(error)) == ("store_clock", True)


@pytest.mark.parametrize("fault", ["loses", "cuts"])
def test_put_with_a_lost_answer_is_done_once(weed, fault):
    """A new put whose answer is lost, or that was cut off, is repeated, and has succeeded; another one has not."""
    with proxy_to(weed.port, **{fault: first(b"/there/new ")}) as proxy:
        bucket = bucket_of(weed, prefix="there", endpoint=proxy.endpoint)
        bucket.delete("new")
        done = bucket.put_new("new", b"mine")
        puts = [head for head in proxy.heads if head.startswith("PUT") and "/there/new " in head]

    assert (done, len(puts), bucket_of(weed, prefix="there").get("new")) == (True, 2, b"mine")


@pytest.mark.parametrize("method", [b"GET /", b"HEAD /", b"POST /"])
def test_read_list_and_delete_with_a_lost_answer_are_repeated(weed, method):
    """A lost answer of a read, a listing or a delete changes nothing for the caller."""
    prefix = f"lost-{method[:1].decode().lower()}"
    bucket_of(weed, prefix=prefix).put("a", b"abc")
    with proxy_to(weed.port) as proxy:
        bucket = bucket_of(weed, prefix=prefix, endpoint=proxy.endpoint)
        proxy.loses = first(method)
        assert bucket.get_range("a", offset=1, length=1) == b"b"
        assert [(each.key, each.size) for each in bucket.list()] == [("a", 3)]
        assert bucket.info("a").size == 3
        bucket.delete("a")
        assert bucket.get("a") is None


def test_full_store_is_named_and_read_on(mortal_weed):
    """A full store refuses a put by name; reads go on; nothing is half there."""
    bucket = bucket_of(mortal_weed, prefix="full", deadline_seconds=2)
    bucket.put("kept", b"kept")
    mortal_weed.restart(is_full=True)
    error = failure_of(lambda: bucket.put_new("more", b"more"))

    assert (error.reason, "its disk is full" in str(error)) == ("store_full", True)
    assert (bucket.get("kept"), bucket.get("more")) == (b"kept", None)
    mortal_weed.restart()
    assert bucket.put_new("more", b"more") is True


def test_puts_survive_a_kill_of_the_store(mortal_weed):
    """While the store is killed and comes back, also after 20 s, puts wait; all that succeeded are there, whole."""
    bucket = bucket_of(mortal_weed, prefix="kill")
    done: list[int] = []
    end = threading.Event()

    def write() -> None:
        number = 0
        while not end.is_set():
            number += 1
            assert bucket.put_new(f"k/{number:05}", b"%05d" % number * 50_000) is True
            done.append(number)

    writer = threading.Thread(target=write)
    writer.start()
    for seconds_away in (0, 20):
        time.sleep(1)
        mortal_weed.kill()
        time.sleep(seconds_away)
        mortal_weed.start()
        before = len(done)
        while len(done) < before + 3:
            time.sleep(0.05)
    end.set()
    writer.join(60)

    assert [each.key for each in bucket.list()] == [f"k/{number:05}" for number in done]
    assert [number for number in done if bucket.get(f"k/{number:05}") != b"%05d" % number * 50_000] == []


@pytest.mark.parametrize(
    "url",
    ["", "lake", "http://lake", "s3://", "s3://a:secret@lake", "s3://Lake", "s3://lake/../a", "s3://lake?k=secret"],
)
def test_wrong_url_is_refused(url):
    """A URL of another form is refused without repeating it: it may have a secret."""
    with pytest.raises(ConfigError, match="s3://BUCKET/PREFIX") as caught:
        open_bucket(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("endpoint", "allow_http"),
    [("http://store.example", False), ("ftp://store.example", True), ("store", True), ("http://u:secret@h", True)],
)
def test_wrong_endpoint_is_refused(endpoint, allow_http):
    """Plain HTTP is for loopback, or allowed explicitly; an endpoint has no key in it."""
    with pytest.raises(ConfigError) as caught:
        open_bucket("s3://lake", service=BucketService(endpoint=endpoint, allow_http=allow_http))
    assert "secret" not in str(caught.value)


def test_missing_key_is_named(weed, monkeypatch):
    """Without a key in arguments and environment the message says so; no request leaves for another address."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    with proxy_to(weed.port) as proxy:
        service = BucketService(endpoint=proxy.endpoint, region="us-east-1", deadline_seconds=5)
        error = failure_of(lambda: open_bucket("s3://lake", service=service))
        assert proxy.heads == ["PUT /latest/api/token HTTP/1.1"]
    assert (error.reason, "there is no key" in str(error)) == ("store_key_missing", True)


def test_key_of_the_environment_is_used(weed, monkeypatch):
    """The variables that every client of S3 knows give the key."""
    for name, value in weed.admin.environment().items():
        monkeypatch.setenv(name, value)
    bucket = open_bucket("s3://lake/environment", service=BucketService(endpoint=weed.endpoint))
    assert bucket.put_new("a", b"a") is True


def test_plain_http_of_the_environment_is_refused(monkeypatch):
    """An endpoint that the environment gives has to be encrypted too, and is named at once."""
    for name, value in {**SeaweedFS.admin.environment(), "AWS_ENDPOINT_URL": "http://store.example"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    error = failure_of(lambda: open_bucket("s3://lake"))
    assert (error.reason, "not encrypted" in str(error)) == ("store_url", True)


def test_key_from_a_file(tmp_path):
    """A credentials file of AWS gives the key: of its default section, or of its only one."""
    path = tmp_path / "credentials"
    path.write_text("[lake]\naws_access_key_id = ab\naws_secret_access_key = c%d\n")
    assert read_key_file(path) == BucketKey("ab", "c%d")

    path.write_text(path.read_text() + "[default]\naws_access_key_id=x\naws_secret_access_key=y\naws_session_token=z\n")
    assert read_key_file(path) == BucketKey("x", "y", token="z")
    assert "y" not in repr(read_key_file(path)).replace("BucketKey", "").replace("key", "")


@pytest.mark.parametrize("text", [None, "hush\n", "[a]\nsecret = hush\n", "[a]\nx=1\n[b]\ny=hush\n"])
def test_wrong_key_file_is_refused_without_its_text(tmp_path, text):
    """A missing or wrong key file is named, and no line of it is shown."""
    path = tmp_path / "credentials"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError, match="credentials") as caught:
        read_key_file(path)
    assert "hush" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("method", [b"PUT /", b"HEAD /", b"POST /"])
def test_check_survives_a_lost_answer(weed, method):
    """A bucket is opened although an answer of its check is lost, and nothing is left in it."""
    with proxy_to(weed.port, loses=first(method)) as proxy:
        bucket = bucket_of(weed, prefix="check", endpoint=proxy.endpoint)
        assert bucket.put_new("a", b"a") is True
        bucket.delete("a")
    assert [page for page in obstore.list(weed.client(), "check")] == []


def test_check_leaves_nothing(weed):
    """The check of a bucket leaves no object, also none that listings hide."""
    bucket_of(weed, prefix="clean")
    assert [page for page in obstore.list(weed.client(), "clean")] == []
