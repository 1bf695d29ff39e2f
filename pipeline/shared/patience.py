"""Patience with services that are away: an attempt is made again until they are back, or for too long."""

import time
from collections.abc import Callable

from pipeline.errors import StoreError

AWAY_SECONDS = 300.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.1, 2.0
_MISSING_MAX = 4


def wait_for_services[T](attempt: Callable[[], T], *, what: str, seconds: float = AWAY_SECONDS) -> T:
    """Return the result of an attempt, made again while the catalog or the object store is away.

    A file that is gone may have been removed since it was planned; the attempt has to plan again.
    Raises: StoreError (store_unreachable), (store_file_missing), and those of the attempt.
    """
    end, pause, missing = time.monotonic() + seconds, _FIRST_PAUSE_SECONDS, 0
    while True:
        try:
            return attempt()
        except StoreError as error:
            if error.reason != "store_unreachable" or time.monotonic() > end:
                raise
        except FileNotFoundError as error:
            missing += 1
            if missing == _MISSING_MAX:
                message = f"{what} needs a file that is gone from the object store ({error}); restore it from a copy"
                raise StoreError(message, key=what, reason="store_file_missing") from error
        except OSError as error:
            if time.monotonic() > end:
                message = f"the object store does not answer to {what} ({error}); try again when it is up"
                raise StoreError(message, key=what, reason="store_unreachable") from error
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
