"""What robots.txt allows."""

import logging
import math
from collections.abc import Callable
from datetime import datetime
from functools import partial

from protego import Protego

from pipeline.fetch.hops import Hops, Target
from pipeline.fetch.host_file import HostFile
from pipeline.fetch.limits import FetchLimits
from pipeline.fetch.pace import Pace
from pipeline.fetch.trouble import Trouble
from pipeline.fetch.walk import Gate

log = logging.getLogger(__name__)

_CRAWL_DELAY_MAX_SECONDS = 60.0


class Robots:
    """The rules of every origin. Where robots.txt cannot be read nothing is fetched, for now.

    A Crawl-delay raises the host's interval, to 60 s at most.
    """

    def __init__(self, limits: FetchLimits, *, hops: Hops, pace: Pace, now: Callable[[], datetime]) -> None:
        # Groups name the product, not the comment that follows it in our header.
        self._agent = limits.user_agent.split("/")[0].split(" ")[0]
        parse = partial(_parse, agent=self._agent, pace=pace)
        self._file = HostFile("/robots.txt", parse=parse, hops=hops, limits=limits, now=now)

    def gate(self, target: Target) -> Gate:
        """Return why a URL may not be fetched, None where it may."""
        rules = yield from self._file.rules(target)
        if isinstance(rules, Trouble):
            return rules.of_host_file(f"{target.origin}/robots.txt", reason="robots_unreachable")
        if rules is None or rules.can_fetch(target.url, self._agent):
            return None
        return Trouble("never", "robots_refused", f"{target.origin}/robots.txt disallows it for {self._agent!r}")


def _parse(body: bytes, target: Target, *, agent: str, pace: Pace) -> Protego:
    parsed = Protego.parse(body.decode("utf-8-sig", "replace"))
    delay = parsed.crawl_delay(agent)
    if delay is not None and math.isfinite(delay) and delay > 0:
        if delay > _CRAWL_DELAY_MAX_SECONDS:
            told = "%s asks for a Crawl-delay of %g s; %g s is the longest kept"
            log.warning(told, target.origin, delay, _CRAWL_DELAY_MAX_SECONDS)
        pace.set_crawl_delay(target.host_key, min(delay, _CRAWL_DELAY_MAX_SECONDS))
    return parsed
