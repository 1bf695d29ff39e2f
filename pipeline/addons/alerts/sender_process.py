"""A process that sends messages through Apprise to one sender. Run it with `python -m`.

It reads lines of JSON from standard input: first the address of the sender and the deadline, then one message at a
time, and answers each with a line. The address is a secret: it comes through the pipe, so that no list of processes
shows it, and no text of Apprise or of a server leaves this process. A message that takes longer than the deadline ends
the process.
"""

import json
import logging
import os
import re
import resource
import signal
import sys
from typing import Any

from apprise import Apprise, AppriseAsset, NotifyBase, NotifyFormat, NotifyType, OverflowMode
from apprise.plugins import url_to_dict

ID_HEADER, ID_FIELD = "Idempotency-Key", "id"
_STATUS = re.compile(r"error=(\d{3})\b")
_NOT_CONNECTED = re.compile("connection|socket", re.IGNORECASE)
_KINDS = {"opened": "warning", "resolved": "success", "rows": "info", "error": "failure"}
_MEMORY_BYTES = 1 << 30  # of this process, which needs a tenth of it: Apprise reads answers of any length
TOO_LARGE = "its server answers with more than fits into memory"
UNUSABLE = "Apprise does not accept its address"


class _ReasonHandler(logging.Handler):
    """Keeps why Apprise failed, in our words: its texts name hosts and may have parts of an address."""

    def __init__(self) -> None:
        super().__init__()
        self.reason = ""

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if (match := _STATUS.search(text)) is not None:
            self.reason = f"its server answers {match[1]}"
        elif _NOT_CONNECTED.search(text):
            self.reason = "no connection to its server, or no answer in time"


def send(address: str, message: dict[str, Any]) -> str | None:
    """Send one message; return None if the server took it, else why not.

    The message has an id. Senders that take headers get it as ``Idempotency-Key``, those that also take fields as the
    field ``id`` too; for others it is the last line of the text.
    """
    handler = _ReasonHandler()
    logging.getLogger("apprise").handlers = [handler]
    plugin = _plugin(address, message["id"])
    if plugin is None:
        return UNUSABLE
    body = message["body"] if _takes(plugin, "headers") else f"{message['body']}\n\nMessage {message['id']}"
    kind = NotifyType(_KINDS[message["kind"]])
    try:
        is_sent = plugin.notify(body=body, title=message["subject"], notify_type=kind, body_format=NotifyFormat.TEXT)
    except MemoryError:
        return TOO_LARGE
    return None if is_sent else handler.reason or "Apprise says that it failed"


def _plugin(address: str, message_id: str) -> NotifyBase | None:
    """Return the sender of an address, with the id of a message where it has a place; None if there is no such sender.

    Redirects are not followed: a POST would become a GET, and the message would be lost. A text that is too long for
    the service is cut, unless the address says otherwise; else its server would refuse it for ever.
    """
    asset = AppriseAsset(storage_mode="memory", http_redirects=False)
    plugin = Apprise.instantiate(address, asset=asset)
    if plugin is None:
        return None
    options: dict[str, Any] = url_to_dict(address)  # type: ignore[no-untyped-call]
    if _takes(plugin, "headers"):
        options["headers"] = {**(options.get("headers") or {}), ID_HEADER: message_id}
    if _takes(plugin, "payload"):
        options["payload"] = {**(options.get("payload") or {}), ID_FIELD: message_id}
    options.setdefault("overflow", OverflowMode.TRUNCATE.value)
    return Apprise.instantiate(options, asset=asset)


def _takes(plugin: NotifyBase, name: str) -> bool:
    return name in plugin.template_kwargs


def main() -> None:
    """Serve until standard input ends, or a message takes longer than the deadline."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)  # so that nothing else writes into the answers
        logging.getLogger("apprise").propagate = False
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
        order = json.loads(sys.stdin.readline())
        Apprise.instantiate(order["address"])  # loads the plugins: no message has to wait for that
        for line in sys.stdin:
            signal.setitimer(signal.ITIMER_REAL, order["deadline"])  # SIGALRM ends the process, also amid a C function
            reason = send(order["address"], json.loads(line))
            signal.setitimer(signal.ITIMER_REAL, 0)
            answers.write(json.dumps({"reason": reason}) + "\n")
            answers.flush()


if __name__ == "__main__":
    main()
