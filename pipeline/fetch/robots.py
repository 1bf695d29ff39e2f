"""What robots.txt allows."""

import logging
import math
import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from protego import Protego

from pipeline.fetch.host_file import WellKnownFile
from pipeline.fetch.limits import FetchLimits
from pipeline.fetch.rate_limit import RateLimiter
from pipeline.fetch.request import RequestRunner, RequestTarget
from pipeline.fetch.retry import FetchFailure
from pipeline.fetch.walk import Gate

log = logging.getLogger(__name__)

_DISALLOW = re.compile(r"\s*disallow\s*:", re.IGNORECASE)
_CRAWL_DELAY_MAX_SECONDS = 60.0


class Robots:
    """The rules of every origin. Where robots.txt cannot be read nothing is fetched, for now.

    A Crawl-delay raises the host's interval, to 60 s at most.
    """

    def __init__(
        self, limits: FetchLimits, *, runner: RequestRunner, limiter: RateLimiter, now: Callable[[], datetime]
    ) -> None:
        # Groups name the product, not the comment that follows it in our header.
        self._agent = limits.user_agent.split("/")[0].split(" ")[0]
        parse = partial(_parse_robots, agent=self._agent, limiter=limiter)
        self._file = WellKnownFile("/robots.txt", parse=parse, runner=runner, limits=limits, now=now)

    def gate(self, target: RequestTarget) -> Gate:
        """Return why a URL may not be fetched, None where it may."""
        rules = yield from self._file.rules(target)
        if isinstance(rules, FetchFailure):
            return rules.of_host_file(f"{target.origin}/robots.txt", reason="robots_unreachable")
        if rules is None or rules.parsed.can_fetch(target.url, self._agent):
            return None
        line = rules.line_against(target.url, self._agent)
        told = f"{target.origin}/robots.txt disallows it for {self._agent!r}"
        return FetchFailure("permanent", "robots_refused", f"{told} ({line})" if line else told)


@dataclass(frozen=True)
class _RobotsRules:
    """A robots.txt as parsed and as written. ``named`` are the lines that refused a page so far."""

    parsed: Protego
    lines: tuple[str, ...]
    named: dict[int, str] = field(default_factory=dict)

    def line_against(self, url: str, agent: str) -> str | None:
        """Return the line that refuses a URL, with its number from 1; the last one where several do alone.

        The parser does not say which rule decided. Lines are taken away from the first on, by halves, until it allows.
        """
        for number, line in self.named.items():
            if not Protego.parse(f"User-agent: *\n{line}").can_fetch(url, agent):
                return f"line {number}: {line}"
        refusals = [number for number, line in enumerate(self.lines) if _DISALLOW.match(line)]

        def allows_without(count: int) -> bool:
            left_out = set(refusals[: count + 1])
            kept = (line for number, line in enumerate(self.lines) if number not in left_out)
            allows: bool = Protego.parse("\n".join(kept)).can_fetch(url, agent)
            return allows

        place = bisect_left(range(len(refusals)), True, key=allows_without)
        if place == len(refusals):
            return None
        number = refusals[place] + 1
        self.named[number] = self.lines[number - 1].strip()
        return f"line {number}: {self.named[number]}"


def _parse_robots(body: bytes, target: RequestTarget, *, agent: str, limiter: RateLimiter) -> _RobotsRules:
    text = body.decode("utf-8-sig", "replace")
    parsed = Protego.parse(text)
    delay = parsed.crawl_delay(agent)
    if delay is not None and math.isfinite(delay) and delay > 0:
        if delay > _CRAWL_DELAY_MAX_SECONDS:
            told = "%s asks for a Crawl-delay of %g s; %g s is the longest kept"
            log.warning(told, target.origin, delay, _CRAWL_DELAY_MAX_SECONDS)
        limiter.set_crawl_delay(target.host_key, min(delay, _CRAWL_DELAY_MAX_SECONDS))
    return _RobotsRules(parsed, tuple(text.splitlines()))
