"""States of listed pages, shared by tests that differ in some facts of them."""

from dataclasses import replace
from datetime import date
from typing import Any

from newslake.pipeline.archive import PageState
from newslake.pipeline.model import Hints


def page_state(url: str, **changes: Any) -> PageState:
    """Return the state of a page that was archived at its first try, with changes."""
    archived = PageState(
        page_key=url,
        url=url,
        source_key="harbour",
        news_day=date(2026, 3, 2),
        listed_modified_at=None,
        last_outcome="archived",
        reason=None,
        attempts=0,
        next_try_at=None,
        hints=Hints(),
    )
    return replace(archived, **changes)
