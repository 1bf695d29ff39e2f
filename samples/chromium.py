"""Debian's headless Chromium, for the pictures of pages and the browser tests."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

COMMAND = "chromium"
# The last rule wins. Without the first rule, Chromium would append a rule that overrides the second.
_DIRECT = "<-loopback>,127.0.0.1"
# Chromium checks in for push messages and updates by itself. A port that refuses keeps these requests from the network.
_REFUSED = "http://127.0.0.1:9/"
_QUIET = (
    f"--gcm-checkin-url={_REFUSED}",
    f"--gcm-registration-url={_REFUSED}",
    f"--gcm-mcs-endpoint={_REFUSED}",
    f"--component-updater=url-source={_REFUSED}",
)
MISSING = f"{COMMAND} is not installed; on Debian, as root: apt-get install --no-install-recommends chromium"


def is_installed() -> bool:
    """Return whether Chromium is on the path."""
    return shutil.which(COMMAND) is not None


@contextmanager
def chromium(*, proxy: str | None = None) -> Iterator[Browser]:
    """Yield a browser. If a proxy is given, all connections except those to 127.0.0.1 use it.

    While the browser is open, no other event loop can run in this thread.
    Raises: SystemExit if Chromium is not installed.
    """
    path = shutil.which(COMMAND)
    if path is None:
        raise SystemExit(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            chromium_sandbox=os.geteuid() != 0,  # root cannot use the sandbox
            proxy={"server": proxy, "bypass": _DIRECT} if proxy else None,
            args=_QUIET,
        )
        with browser:
            yield browser
