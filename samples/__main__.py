"""Serve the sample newsroom until interrupted: python -m samples [--port 8808] [--day 2026-03-04]."""

import argparse
from datetime import date
from threading import Event

from newslake.pipeline.errors import ConfigError
from newslake.pipeline.settings import Settings
from samples.server import DAYS, DEFAULT_PORT, newsroom_at


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m samples", description="Serve the sample newsroom.")
    parser.add_argument(
        "--port", type=int, help=f"port; 0 selects a free one (default: NEWS_DEMO_PORT, {DEFAULT_PORT})"
    )
    parser.add_argument(
        "--day", type=date.fromisoformat, default=DAYS[-1], help="the newsroom's day (default %(default)s)"
    )
    options = parser.parse_args()
    try:
        served, problem = newsroom_at(
            Settings.load().demo_port if options.port is None else options.port, day=options.day
        )
    except ConfigError as error:
        raise SystemExit(str(error)) from error
    if problem:
        print(problem)
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
