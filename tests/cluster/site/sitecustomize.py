"""Stops a process at a file that it is about to write or rename, so that its worker can be killed at that moment.

Loaded by every Python process of the cluster test. While a test wants to stop a process, the folder of
``NEWSLAKE_TEST_HOLDS`` has a file ``wanted`` ("N PATTERN": the N-th matching file of a process). The first process that
reaches it writes its pid to ``held``.
"""

import os
import re
import sys
import time
from pathlib import Path

_FOLDER = Path(os.environ.get("NEWSLAKE_TEST_HOLDS", os.devnull))
_seen = {}


def _hear(event, arguments):
    target = None
    if event in ("os.rename", "os.link"):
        target = os.fsdecode(arguments[1])
    elif event == "open" and isinstance(arguments[0], str) and arguments[2] & (os.O_WRONLY | os.O_RDWR):
        target = arguments[0]
    if target is not None and "/data/" in target:
        _consider(target)


def _consider(target):
    try:
        wanted = (_FOLDER / "wanted").read_text()
    except OSError:
        return
    number, _, pattern = wanted.partition(" ")
    if re.search(pattern, target):
        key = (os.getpid(), wanted)
        _seen[key] = _seen.get(key, 0) + 1
        if _seen[key] == int(number):
            _wait()


def _wait():
    try:
        with (_FOLDER / "held").open("x") as file:
            file.write(f"{os.getpid()}\n")
    except FileExistsError:  # another process is stopped
        return
    while (_FOLDER / "wanted").exists():
        time.sleep(0.05)


if _FOLDER.is_dir():
    sys.addaudithook(_hear)
