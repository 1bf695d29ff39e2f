"""Debian's Chromium without a window: what draws the pictures of pages and what the browser tests look through."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

COMMAND = "chromium"
_DIRECT = "<-loopback>,127.0.0.1"  # the last rule wins; without the first, one that wins over it would be added
MISSING = f"{COMMAND} is not installed; on Debian, as root: apt-get install --no-install-recommends chromium"


def is_installed() -> bool:
    """Return whether Chromium is on the path."""
    return shutil.which(COMMAND) is not None


@contextmanager
def chromium(*, proxy: str | None = None) -> Iterator[Browser]:
    """Give a browser, all of whose connections but those to 127.0.0.1 go through a proxy if one is named.

    While it is there, no other event loop can run in this thread.
    Raises: SystemExit where there is no Chromium.
    """
    path = shutil.which(COMMAND)
    if path is None:
        raise SystemExit(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            chromium_sandbox=os.geteuid() != 0,  # for root there is none
            proxy={"server": proxy, "bypass": _DIRECT} if proxy else None,
        )
        with browser:
            yield browser
