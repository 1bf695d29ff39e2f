"""The result of a check of a rule, and how the rule is delivered: the values between evaluation and delivery."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Literal

UNCHECKABLE = "the rule cannot be checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertItem:
    """One thing that a rule reports. ``key`` identifies it across checks and holds no words of an article.

    ``title`` is one line, ``detail`` a few lines. ``article_url`` is the publisher's page, ``receipt`` a link to the
    article page in Newsroom if a public address is known, ``command`` a command line such as `newslake why ...`.
    """

    key: str
    title: str
    detail: str = ""
    article_id: str | None = None
    article_url: str | None = None
    receipt: str | None = None
    command: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCheck:
    """The result of a check of one rule.

    Items of a state are open until a later check does not have them; items of rows are reported once each.
    ``unlisted`` are the keys of all further items: at most 1,000 are in ``items``. ``error`` says why the rule could
    not be checked: a question that takes too long, a damaged lake.
    """

    rule: str
    kind: Literal["state", "rows"]
    items: tuple[AlertItem, ...]
    unlisted: tuple[str, ...] = ()
    error: str | None = None

    @property
    def total(self) -> int:
        """The number of items, also of the unlisted ones."""
        return len(self.items) + len(self.unlisted)


def uncheckable(error: str) -> AlertItem:
    """Return the item of a rule that cannot be checked; its key is always the same."""
    return AlertItem(key=UNCHECKABLE, title=UNCHECKABLE, detail=error)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPolicy:
    """How the messages of one rule are delivered, from alerts.toml.

    ``senders`` are names in [senders]. Messages wait while the local time is within ``quiet_hours``. With ``digest_at``
    one message per day is sent at this local time instead of single messages. ``time_zone`` is an IANA name.
    """

    rule: str
    title: str
    senders: tuple[str, ...]
    quiet_hours: tuple[time, time] | None
    digest_at: time | None
    time_zone: str = "UTC"
