"""Three evenings of the newsroom, with an inbox: the clock, the sources, and `newslake run` in processes."""

import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings
from samples.server import DAYS, Newsroom
from tests.scale.seaweedfs import BUCKET

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 3, 4, 20, tzinfo=UTC)  # the third evening of the newsroom
TODAY = NOW.date().isoformat()
INBOX = "inbox"  # the prefix of the bucket
INBOX_ENTRY = f'url = "s3://{BUCKET}/{INBOX}"'  # in sources.toml


def twin() -> bytes:
    """Return the file for the inbox."""
    return (ROOT / "samples" / "inbox" / "twin.txt").read_bytes()


def write_sources(path: Path, newsroom: Newsroom, *, inbox: str) -> None:
    """Write the project's sources.toml with this newsroom's port and another inbox, a line of TOML."""
    text = (ROOT / "sources.toml").read_text("utf-8").replace("127.0.0.1:8808", f"127.0.0.1:{newsroom.port}")
    assert 'path = "data/inbox"' in text
    path.write_text(text.replace('path = "data/inbox"', inbox), "utf-8")


def run_evening(data: Path, *, sources: Path, more: Mapping[str, str]) -> None:
    """Run the day with `newslake run` in a process, with a data root and more settings."""
    given = {"NEWS_DATA_DIR": str(data), "NEWS_FROZEN_NOW": NOW.isoformat(), "NEWS_SOURCES_FILE": str(sources)}
    command = [sys.executable, "-m", "newslake", "run", "--day", TODAY]
    environment = {**os.environ, **given, **more}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def run_locally(root: Path, newsroom: Newsroom) -> Workspace:
    """Replay the three evenings with `newslake run` on a local lake; return its workspace."""
    data, sources = root / "data", root / "sources.toml"
    (data / "inbox").mkdir(parents=True)
    (data / "inbox" / "twin.txt").write_bytes(twin())
    write_sources(sources, newsroom, inbox='path = "data/inbox"')
    for day in DAYS:
        newsroom.day = day
        run_evening(data, sources=sources, more={"NEWS_STORE": "local"})
    given = {"store": "local", "sources_file": sources, "frozen_now": NOW, "durability": "process"}
    return Workspace(Settings.load(data_dir=data, **given))
