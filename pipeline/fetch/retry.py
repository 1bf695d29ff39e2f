"""Why a page did not come, as a value: retries and robots decide on it before it becomes an error."""

from dataclasses import dataclass, replace
from typing import Literal, Self

from pipeline.errors import RefusedFetchError, TransientFetchError
from pipeline.model import Exchange


@dataclass(frozen=True, slots=True)
class FetchFailure:
    """``kind`` says what may be done: "retry" soon, "defer" to a later run, or give up ("permanent").

    ``reason`` is a word of the package's docstring, ``detail`` is for a person. ``exchange`` is kept of an answer that
    the archive wants: the page is gone, or its body broke off.
    """

    kind: Literal["retry", "defer", "permanent"]
    reason: str
    detail: str
    status: int | None = None
    retry_after_seconds: float | None = None
    exchange: Exchange | None = None

    def of_host_file(self, url: str, *, reason: str) -> Self:
        """Return why a page waits for a file of its host, at ``url``; that a host is on hold costs no page a try."""
        return replace(
            self,
            kind="defer",
            reason=self.reason if self.reason == "host_on_hold" else reason,
            detail=f"{url}: {self.detail} ({self.reason}); nothing is fetched there before it can be read",
            status=None,
            exchange=None,
        )

    def as_error(self, url: str) -> TransientFetchError | RefusedFetchError:
        """Return the error that stages understand."""
        message = f"{url}: {self.detail}"
        if self.kind == "permanent":
            return RefusedFetchError(message, key=url, reason=self.reason, status=self.status, exchange=self.exchange)
        return TransientFetchError(
            message,
            key=url,
            reason=self.reason,
            retry_after_seconds=self.retry_after_seconds,
            exchange=self.exchange,
        )
