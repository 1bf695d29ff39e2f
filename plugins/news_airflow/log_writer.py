"""Writes the output of a process to a log file of limited size: `python -m news_airflow.log_writer FILE`.

It is one process for each part of Airflow, between the part and its file: the part and its children keep their
pipe, while the file is renamed and a new one is opened. It ends when no process has the pipe any more. All lines of one
process are whole and in order.
"""

import logging
import signal
import subprocess
import sys
from collections.abc import Mapping
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import BinaryIO

LOG_BYTES = 10_000_000  # of one file
OLD_LOGS = 5  # files that stay: part.log.1, the newest, to part.log.5
_LINE_BYTES = 1_000_000  # a longer line is written in pieces


def rotating_file(path: Path, *, max_bytes: int = LOG_BYTES, old_files: int = OLD_LOGS) -> RotatingFileHandler:
    """Return a handler that appends lines to a file, and renames it before it has more than ``max_bytes`` bytes."""
    return RotatingFileHandler(
        path, maxBytes=max_bytes, backupCount=old_files, encoding="utf-8", errors="surrogateescape"
    )


def start_log_writer(path: Path, environment: Mapping[str, str], *words: str) -> subprocess.Popen[bytes]:
    """Start the writer of a file; its ``stdin`` takes the output. ``words`` are its further arguments."""
    return subprocess.Popen(
        [sys.executable, "-m", "news_airflow.log_writer", str(path), *words],
        env=dict(environment),
        stdin=subprocess.PIPE,
        start_new_session=True,
    )


def copy_lines(stream: BinaryIO, handler: RotatingFileHandler) -> None:
    """Write each line of a stream to the file, until the stream ends. Bytes that are not UTF-8 stay as they are."""
    while line := stream.readline(_LINE_BYTES):
        text = line.removesuffix(b"\n").decode("utf-8", "surrogateescape")
        # A full disk is reported on standard error, and the reading goes on: otherwise the part would stop.
        handler.handle(logging.LogRecord("part", logging.INFO, "", 0, text, None, None))


def main(path: str, max_bytes: str = str(LOG_BYTES), old_files: str = str(OLD_LOGS)) -> None:
    """Copy standard input to a file. Signals that end the part do not end its writer: the last lines count most."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    copy_lines(sys.stdin.buffer, rotating_file(Path(path), max_bytes=int(max_bytes), old_files=int(old_files)))


if __name__ == "__main__":
    main(*sys.argv[1:])
