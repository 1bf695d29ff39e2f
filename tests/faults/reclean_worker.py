"""Derives a whole archive in a process that may not use the network."""

import socket
import sys
from pathlib import Path

from newslake.pipeline.jobs.run import extract_day
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings


def no_network(event: str, _: object) -> None:
    """Raise at any use of a socket."""
    if event.startswith("socket."):
        raise PermissionError(f"{event}: deriving must not touch the network")


def derive_all(folder: Path) -> None:
    """Derive every news day of the archive under a data root, without network."""
    sys.addaudithook(no_network)
    settings = Settings.load(data_dir=folder, sources_file=folder / "sources.toml", durability="process")
    space = Workspace(settings)
    for day in space.archive.days():
        extract_day(space, day=day, run_id=f"again-{day}", report_progress=lambda _: None)


def open_socket() -> None:
    """Create a socket, without network."""
    sys.addaudithook(no_network)
    socket.socket()


if __name__ == "__main__":
    derive_all(Path(sys.argv[1]))
