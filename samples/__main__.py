"""Serve the sample newsroom until interrupted: python -m samples [--port 8808] [--day 2026-03-04]."""

import argparse
from datetime import date
from threading import Event

from samples.server import DAYS, DEFAULT_PORT, Newsroom


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m samples", description="Serve the sample newsroom.")
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="port; 0 selects a free one (default %(default)s)"
    )
    parser.add_argument(
        "--day", type=date.fromisoformat, default=DAYS[-1], help="the newsroom's day (default %(default)s)"
    )
    options = parser.parse_args()
    try:
        served = Newsroom(day=options.day, port=options.port)
    except OSError as error:
        raise SystemExit(f"port {options.port} of 127.0.0.1 is in use; stop its process ({error})") from error
    with served as newsroom:
        print(
            f"{newsroom.base_url} on {newsroom.day}: /courier/rss.xml /lantern/atom.xml /gazette/news-sitemap.xml(.gz)"
            " /robots.txt  (stop with Ctrl-C)",
            flush=True,
        )
        try:
            Event().wait()
        except KeyboardInterrupt:
            print("stopped")


if __name__ == "__main__":
    main()
