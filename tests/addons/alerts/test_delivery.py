"""Delivery to real webhooks on loopback: ids, order, senders that fail in any way, and no secret anywhere."""

import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from email import message_from_string
from email.policy import default as default_policy
from pathlib import Path

import pytest
from psutil import Process

from newslake.pipeline.addons.alerts.alert import AlertItem
from newslake.pipeline.addons.alerts.delivery import deliver
from newslake.pipeline.addons.alerts.sender_process import TOO_LARGE, UNUSABLE
from newslake.pipeline.addons.alerts.store import AlertStore
from tests.addons.alerts.receiver import HOUR, NOON, MailServer, Receiver, item, new_store, policy, rows, state

SECRET = "token-9f8e7d6c5b4a"
NO_ANSWER = "no connection to its server, or no answer in time"
REFUSING = f"json://user:{SECRET}@127.0.0.1:9/{SECRET}"


@pytest.fixture
def webhook() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def store(tmp_path: Path) -> AlertStore:
    return new_store(tmp_path)


def texts_under(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_messages_arrive_once_in_order_with_ids(store: AlertStore, webhook: Receiver) -> None:
    """Each message arrives once, in order of recording, with its id as a header and as a field."""
    store.record(state("river"), policy(), now=NOON)
    store.record(state(), policy(), now=NOON + HOUR)
    store.record(rows("a"), policy(rule="ferry"), now=NOON)
    for _ in range(2):
        assert deliver(store, {"desk": f"{webhook.url}?+X-Own=1"}, now=NOON + HOUR) == ()
    assert [each["title"] for each in webhook.taken] == [
        "Sources: river is stale",
        "Resolved: Sources: river is stale (lasted 1 h 0 min)",
        "Ferry: quote a",
    ]
    assert [each["Idempotency-Key"] for each in webhook.headers] == [each["id"] for each in webhook.taken]
    assert {each["X-Own"] for each in webhook.headers} == {"1"}
    assert [each["type"] for each in webhook.taken] == ["warning", "success", "info"]


@pytest.mark.parametrize("kind", ["xml", "form"])
def test_other_webhooks_have_the_id(store: AlertStore, kind: str) -> None:
    """Webhooks that take XML or a form get the id as a header."""
    with Receiver() as receiver:
        receiver.reads_json = False
        store.record(state("river"), policy(), now=NOON)
        delivery = store.next_delivery("desk")
        assert delivery is not None
        assert deliver(store, {"desk": receiver.url.replace("json:", f"{kind}:")}, now=NOON) == ()
        assert [each["Idempotency-Key"] for each in receiver.headers] == [delivery.delivery_id]


def test_mail_has_the_id(store: AlertStore) -> None:
    """Mail has the id as a header, so that a filter finds a message that was sent again."""
    with MailServer() as server:
        store.record(state("river"), policy(), now=NOON)
        delivery = store.next_delivery("desk")
        assert delivery is not None
        address = f"mailto://127.0.0.1:{server.port}?mode=insecure&from=news@lake.example&to=desk@paper.example"
        assert deliver(store, {"desk": address}, now=NOON) == ()
        [mail] = [message_from_string(each, policy=default_policy) for each in server.mails]
        assert mail["Idempotency-Key"] == delivery.delivery_id
        assert mail["Subject"] == "Sources: river is stale"


def test_killed_sender_process_is_a_failure(store: AlertStore, webhook: Receiver) -> None:
    """If the process of a sender is killed, its message waits and is sent the next time."""
    store.record(state("river"), policy(), now=NOON)
    with Receiver("hangs") as bad, ThreadPoolExecutor(1) as pool:
        done = pool.submit(deliver, store, {"desk": bad.url}, now=NOON)
        assert bad.called.wait(300)
        [child] = [
            each for each in Process().children() if "newslake.pipeline.addons.alerts.sender_process" in each.cmdline()
        ]
        child.kill()
        [failure] = done.result(timeout=300)
    assert failure.reason == "its process ended without an answer"
    assert deliver(store, {"desk": webhook.url}, now=NOON + HOUR) == ()
    assert webhook.titles == ["Sources: river is stale"]


def test_message_says_where_its_items_come_from(store: AlertStore, webhook: Receiver) -> None:
    """The text has the article page, the publisher's page and the command of each item."""
    links = {"receipt": "http://127.0.0.1:8080/a/1", "article_url": "https://a.example/1", "command": "newslake why 1"}
    store.record(replace(state(), items=(item("river", **links),)), policy(), now=NOON)
    deliver(store, {"desk": webhook.url}, now=NOON)
    assert webhook.taken[0]["message"].splitlines()[1:] == [f"  {each}" for each in links.values()]


@pytest.mark.parametrize(
    ("manner", "reason"),
    [
        ("fails", "its server answers 500"),
        ("redirects", "its server answers 302"),
        ("hangs", "no answer within 1 seconds"),
        ("drips", "no answer within 1 seconds"),
    ],
)
def test_sender_that_fails_stops_no_other(store: AlertStore, webhook: Receiver, manner, reason: str) -> None:
    """A server that hangs, drips, redirects or answers 500 is named; the others get all; it gets all when it works."""
    with Receiver(manner) as bad:
        senders = {"bad": bad.url, "desk": webhook.url}
        for number in range(3):
            store.record(rows(str(number)), policy("bad", "desk", rule="ferry"), now=NOON)
        [failure] = deliver(store, senders, now=NOON, deadline_seconds=1)
        assert (failure.sender, failure.reason, failure.since, failure.waiting) == ("bad", reason, NOON, 3)
        assert len(webhook.taken) == 3
        bad.manner = "takes"
        later = NOON + timedelta(seconds=59)
        assert deliver(store, senders, now=later) == (failure,)  # it pauses
        assert bad.taken == []
        assert deliver(store, senders, now=NOON + timedelta(minutes=1)) == ()
        assert bad.titles == webhook.titles == ["Ferry: quote 0", "Ferry: quote 1", "Ferry: quote 2"]
        assert len(webhook.taken) == 3


def test_answer_of_gigabytes_does_not_fill_the_memory(store: AlertStore, webhook: Receiver) -> None:
    """A server whose answer unpacks to two gigabytes is a failure that says so; the other sender gets its message."""
    store.record(state("river"), policy("bad", "desk"), now=NOON)
    with Receiver("gushes") as bad:
        [failure] = deliver(store, {"bad": bad.url, "desk": webhook.url}, now=NOON, deadline_seconds=200)
    assert (failure.sender, failure.reason) == ("bad", TOO_LARGE)
    assert webhook.titles == ["Sources: river is stale"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("kind", ["json", "xml", "form", "ntfy"])
def test_no_redirect_is_followed(store: AlertStore, status: int, kind: str) -> None:
    """A webhook cannot lead newslake to another server, such as one that only this machine reaches."""
    with Receiver() as inner, Receiver("redirects") as bad:
        bad.redirect, bad.reads_json = (status, inner.url.replace("json:", "http:")), False
        store.record(state("river"), policy(), now=NOON)
        [failure] = deliver(store, {"desk": bad.url.replace("json:", f"{kind}:")}, now=NOON)
        assert failure.reason == f"its server answers {status}"
        assert not inner.called.is_set()


HOSTILE = (
    *("a\r\nBcc: all@evil.example\r\n\r\nbody", "a\nX-Evil: 1", "a\x0bb\x0cc\x85d\u2028e", "=?utf-8?q?a=0ABcc:_b?="),
    *(
        "{{7*7}}{% raw %}${HOME}%(id)s%s{0}",
        "<script>alert(1)</script>",
        "</title>&xxe;]]><!DOCTYPE a>",
        "\ud800",
        "\0",
    ),
    *("$(id)`id`;id", "@everyone <!channel>", "a\n.\r\nMAIL FROM:<b>", "\n- a forged item\n  newslake why", "\u202eb"),
)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_adds_no_header_and_no_item(store: AlertStore, webhook: Receiver, text: str) -> None:
    """Whatever a page says, a mail has its own headers and recipients, and a webhook its own fields and one item."""
    hostile = AlertItem(key="k", title=f"begin {text} end", article_url=f"https://a.example/{text}")
    store.record(replace(rows(), items=(hostile,)), policy("desk", "mail", rule="ferry"), now=NOON)
    with MailServer() as server:
        address = f"mailto://127.0.0.1:{server.port}?mode=insecure&from=news@lake.example&to=desk@paper.example"
        assert deliver(store, {"desk": webhook.url, "mail": address}, now=NOON) == ()
        [mail] = [message_from_string(each, policy=default_policy) for each in server.mails]
    assert {name.lower() for name in mail.keys()} & {"bcc", "cc", "x-evil"} == set()  # noqa: SIM118 - a message
    assert mail["To"].addresses[0].addr_spec == "desk@paper.example"
    [message] = webhook.taken
    assert message["title"].startswith("Ferry: begin ")
    assert [line for line in message["message"].splitlines() if line.startswith("- ")] == [
        f"- {message['title'].removeprefix('Ferry: ')}"
    ]
    assert ("49" in message["title"], {*message} - {"version", "id", "title", "message", "type", "attachments"}) == (
        False,
        set(),
    )


@pytest.mark.parametrize(
    ("url", "reason"), [(REFUSING, NO_ANSWER), (f"nosuch://{SECRET}", UNUSABLE), (SECRET, UNUSABLE)]
)
def test_secrets_of_a_sender_stay_in_its_address(
    store: AlertStore, tmp_path: Path, caplog: pytest.LogCaptureFixture, url: str, reason: str, capfd
) -> None:
    """An address is in no reason, log, output or file, also if it is wrong or its server refuses."""
    store.record(state("river"), policy(), now=NOON)
    with caplog.at_level(logging.DEBUG):
        [failure] = deliver(store, {"desk": url}, now=NOON)
    assert failure.reason == reason
    assert SECRET not in f"{failure}{caplog.text}{capfd.readouterr()}"
    assert SECRET.encode() not in texts_under(tmp_path)


def test_sender_that_alerts_toml_no_longer_has_is_named(store: AlertStore, webhook: Receiver) -> None:
    """Messages for an unknown sender wait and are reported; they arrive when it is back."""
    store.record(state("river"), policy("desk", "gone"), now=NOON)
    [failure] = deliver(store, {"desk": webhook.url}, now=NOON)
    assert (failure.sender, failure.waiting, failure.since) == ("gone", 1, NOON)
    assert "[senders] of alerts.toml does not have it" in failure.reason
    with Receiver() as back:
        assert deliver(store, {"desk": webhook.url, "gone": back.url}, now=NOON) == ()
        assert back.titles == webhook.titles == ["Sources: river is stale"]


def test_two_deliverers_send_once(store: AlertStore, tmp_path: Path, webhook: Receiver) -> None:
    """Two processes' stores that deliver and record at once double nothing and lose nothing."""
    stores = [store, new_store(tmp_path)]

    def work(number: int) -> None:
        for key in range(2):
            stores[number].record(rows(f"{key}"), policy(rule="ferry"), now=NOON)
            deliver(stores[number], {"desk": webhook.url}, now=NOON)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(each["title"] for each in webhook.taken) == [f"Ferry: quote {key}" for key in range(2)]


def test_ten_thousand_rows_are_one_request(store: AlertStore, webhook: Receiver) -> None:
    """10,000 rows are recorded and sent as one message in seconds."""
    began = time.monotonic()
    store.record(rows(*map(str, range(10_000))), policy(rule="ferry"), now=NOON)
    assert deliver(store, {"desk": webhook.url}, now=NOON) == ()
    assert [each["title"] for each in webhook.taken] == ["Ferry: 10,000 new rows"]
    assert webhook.taken[0]["message"].endswith("and 9,980 more")
    assert time.monotonic() - began < 20


def test_many_senders_do_not_wait_for_each_other(store: AlertStore) -> None:
    """Three senders that hang take as long as one."""
    with ExitStack() as stack:
        bad = {f"bad{number}": stack.enter_context(Receiver("hangs")).url for number in range(3)}
        store.record(state("river"), policy(*bad), now=NOON)
        began = time.monotonic()
        assert len(deliver(store, bad, now=NOON, deadline_seconds=2)) == 3
        assert time.monotonic() - began < 12
