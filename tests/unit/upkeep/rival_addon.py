"""An invented add-on of another distribution, with letters about articles; tests load it and change what it does."""

from collections.abc import Callable
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from newslake.pipeline import addon_registry
from newslake.pipeline.addon_registry import GROUP, addons_of
from newslake.pipeline.hooks import AddonInfo, StorePart, TakedownPart, implementation

RIVAL = "rival"
LETTERS, DRAFTS = "rival/letters.sqlite", "rival/drafts"


def do_nothing(**arguments: object) -> TakedownPart | None:
    """Erase nothing."""
    return None


work: dict[str, Callable[..., Any]] = {}  # what the hooks do instead, by name


class Rival:
    """Installs the add-on for a test, or uninstalls it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch

    def install(self, *, is_there: bool = True, lacks: str = "", **hooks: Callable[..., Any]) -> None:
        """Install the add-on, some of its hooks with other work, and one left out; or uninstall it."""
        points = [EntryPoint(RIVAL, __name__, GROUP)] if is_there else []
        self._patch.setattr(addon_registry, "entry_points", lambda group: points)
        self._patch.setattr(f"{__name__}.work", hooks)
        if lacks:
            self._patch.delattr(f"{__name__}.{lacks}")
        addons_of.cache_clear()


@implementation
def addon_info() -> AddonInfo:
    return AddonInfo(RIVAL, "Rival")


@implementation
def store_parts() -> list[StorePart]:
    return [
        StorePart(LETTERS, has_articles=True, is_lossy=False),
        StorePart(DRAFTS, has_articles=True, is_lossy=True),
    ]


@implementation
def preview_takedown(workspace: Any, plan: Any) -> TakedownPart:
    return work.get("preview_takedown", lambda **_: TakedownPart())(workspace=workspace, plan=plan)


@implementation
def on_takedown(workspace: Any, plan: Any, lease: Any, phase: str) -> TakedownPart | None:
    return work.get("on_takedown", do_nothing)(workspace=workspace, plan=plan, lease=lease, phase=phase)


@implementation
def after_takedown(workspace: Any) -> None:
    work.get("after_takedown", do_nothing)(workspace=workspace)
