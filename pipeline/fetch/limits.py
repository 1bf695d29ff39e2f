"""What a fetcher may take: time, bytes, tries."""

from dataclasses import dataclass

from pipeline.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """Limits of one fetcher. ``threads`` is how many requests it has open at once.

    ``page_deadline_seconds`` counts time with servers, not time waited for a host's pace.
    ``retry_after_max_seconds`` bounds every wait between two tries. With ``obeys_reservation`` pages whose host
    reserves text and data mining are refused. Bytes on the wire of a listing may reach
    ``listing_max_bytes`` where that is more than ``wire_max_bytes``.
    """

    user_agent: str
    read_timeout_seconds: float
    page_deadline_seconds: float
    attempts: int
    retry_after_max_seconds: float
    page_max_bytes: int
    listing_max_bytes: int
    wire_max_bytes: int
    redirects_max: int
    host_interval_seconds: float
    threads: int
    obeys_reservation: bool


def limits_from(settings: Settings) -> FetchLimits:
    """Return the limits that the settings name."""
    return FetchLimits(
        user_agent=settings.user_agent,
        read_timeout_seconds=settings.read_timeout_seconds,
        page_deadline_seconds=settings.page_deadline_seconds,
        attempts=settings.fetch_attempts,
        retry_after_max_seconds=settings.retry_after_max_seconds,
        page_max_bytes=settings.page_max_bytes,
        listing_max_bytes=settings.listing_max_bytes,
        wire_max_bytes=settings.wire_max_bytes,
        redirects_max=settings.redirects_max,
        host_interval_seconds=settings.host_interval_seconds,
        threads=settings.fetch_threads,
        obeys_reservation=settings.tdm_policy == "obey",
    )
