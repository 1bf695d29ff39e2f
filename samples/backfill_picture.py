"""`python -m samples.backfill_picture`: the picture of Airflow's form for a backfill, in docs/backfill.md.

It starts a real Airflow in a temporary folder, with paused DAGs, fills in the form as a person does, and presses no
button that starts a run.
"""

import os
import re
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page

from samples.chromium import chromium
from samples.pictures import FOLDER
from samples.server import DAYS, ROOT

NAME = "backfill.png"
_MILLISECONDS = 30_000  # for one step of the form
_SIZE = (1200, 1130)


def main() -> int:
    """Take the picture; return the exit code."""
    with tempfile.TemporaryDirectory() as folder, _airflow(Path(folder)) as (address, password), chromium() as browser:
        (FOLDER / NAME).write_bytes(_picture(browser, address, password))
    print(f"docs/pictures/{NAME}")
    return 0


@contextmanager
def _airflow(root: Path) -> Iterator[tuple[str, str]]:
    """Yield the address and the password of an Airflow; stop it afterwards."""
    password = secrets.token_urlsafe(16)
    (root / "sources.toml").touch()
    given = {name: value for name, value in os.environ.items() if not name.startswith(("NEWS_", "AIRFLOW"))}
    environment = given | {
        "PYTHONPATH": str(ROOT.parents[1] / "plugins"),
        "AIRFLOW_HOME": str(root / "airflow"),
        "AIRFLOW_ADMIN_PASSWORD": password,
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
        "NEWS_AIRFLOW_PORT": "0",
        "NEWS_DATA_DIR": str(root),
        "NEWS_SOURCES_FILE": str(root / "sources.toml"),
    }
    try:
        said = _command("up", environment)
        yield re.findall(r"Airflow is up: (\S+)", said)[0], password
    finally:
        _command("down", environment)


def _command(word: str, environment: Mapping[str, str]) -> str:
    command = [sys.executable, "-m", "news_airflow.local_airflow", word]
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout


def _picture(browser: Browser, address: str, password: str) -> bytes:
    """Return the form of a backfill of all days of the sample newsroom."""
    width, height = _SIZE
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme="light", timezone_id="UTC")
    page.set_default_timeout(_MILLISECONDS)
    page.goto(f"{address}/auth/login")
    page.fill("input[name=username]", "admin")
    page.fill("input[name=password]", password)
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "login" not in url)
    page.goto(f"{address}/dags/news_ingest")
    page.get_by_role("button", name="Trigger").click()
    form = page.get_by_role("dialog")
    form.get_by_text("Run this Dag for a range of dates").click()
    for label, day in (("From", DAYS[0]), ("To", DAYS[-1])):
        _fill_in(page, form, label, day)
    form.get_by_text("runs will be triggered").wait_for()
    taken = page.screenshot(animations="disabled", caret="hide")
    page.close()
    return taken


def _fill_in(page: Page, form: Locator, label: str, day: date) -> None:
    """Choose midnight of a day in one of the two fields of the range."""
    form.get_by_text("Select date and time").first.click()
    page.get_by_placeholder("YYYY/MM/DD").fill(f"{day:%Y/%m/%d}")
    page.get_by_placeholder("HH:mm").fill("00:00")
    page.keyboard.press("Tab")
    form.get_by_text(label, exact=True).click()


if __name__ == "__main__":
    sys.exit(main())
