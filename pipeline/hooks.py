"""Hooks: what the core calls of add-ons, and the values that pass between them.

An add-on is a module ``addon.py``. Its functions have the decorator `implementation` and the names of the hooks in
`Specifications`. The module imports only this one. Everything else is imported inside its functions, so that a command
loads only the add-on that it needs. `addon_registry` finds, selects and calls add-ons.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal, Protocol

import pluggy

# Types of higher floors, by name only: this module is below them, and calls through pluggy are not typed.
type Lease = Any  # leases.Lease
type SettingsModel = Any  # a subclass of settings.AddonSettings
type Settings = Any  # settings.Settings
type Store = Any  # store.store.Store
type TakedownPlan = Any  # archive.TakedownPlan
type Workspace = Any  # jobs.workspace.Workspace

PROJECT = "newslake"
implementation = pluggy.HookimplMarker(PROJECT)
specification = pluggy.HookspecMarker(PROJECT)

TakedownPhase = Literal["rows", "state"]
FindingStatus = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class AddonInfo:
    """An add-on: its name, and its title in `newslake --help`.

    ``needs`` are add-ons without which it is not loaded. ``fits`` are add-ons whose hooks it implements if they are
    loaded. ``extra`` is the extra of the wheel that its main command needs.
    """

    name: str
    title: str
    needs: tuple[str, ...] = ()
    fits: tuple[str, ...] = ()
    extra: str | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """A command of `newslake`: "coverage"; "lake export" adds to a group.

    ``place`` is "module:name" of a function, or of a ``typer.Typer`` with subcommands; it is loaded when the command is
    called. ``help`` is one line. ``context`` are settings of the parser; ``parser`` is "module:name" of a class of
    commands, for a command that parses its words itself.
    """

    name: str
    place: str
    help: str
    context: Mapping[str, object] = field(default_factory=dict)
    parser: str | None = None


@dataclass(frozen=True, slots=True)
class StorePart:
    """A file or folder of the data root that an add-on writes. ``path`` is relative to the root, and is its name.

    ``has_articles`` means that it may have data of articles: while its add-on is not loaded, no takedown starts.
    ``is_lossy`` means that nothing stops if it is lost. ``advice`` says what to do if another part is lost.
    """

    path: str
    has_articles: bool
    is_lossy: bool
    advice: str = ""


@dataclass(frozen=True, slots=True)
class RunNote:
    """What an add-on says at the end of a run: lines for people, and values of the JSON object by key."""

    lines: tuple[str, ...] = ()
    json: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TakedownPart:
    """What a takedown erases in the data of one add-on.

    ``changed`` counts files or entries; ``line`` is the count for people, such as "2 audit sheets cleared". Each of
    ``unfinished`` says what cannot be erased, and what to do: the takedown is open until then. Each of ``remaining`` is
    about copies elsewhere that a person has to clear.
    """

    changed: int = 0
    line: str = ""
    unfinished: tuple[str, ...] = ()
    remaining: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What the nightly work of an add-on did: lines for people, warnings, and counts by name for the row of the run."""

    lines: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    counts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Result of one check. ``message`` says what is there or what is wrong, ``action`` what to do; None if ok.

    With "fail" a run cannot start, or its result is wrong; with "warn" it works, but not for long or not politely.
    """

    name: str
    status: FindingStatus
    message: str
    action: str | None = None


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """A check of `newslake doctor`. ``run`` gets its name; ``advice`` is the action for an error that names none.

    ``needs_store``: it reads archive, state or tables, so it fails where their services do. ``after`` is the check that
    it follows; "" is the end.
    """

    name: str
    run: Callable[[Workspace, str], Finding]
    advice: str
    needs_store: bool = False
    after: str = ""


class Specifications(Protocol):
    """The hooks of the core, as signatures. An implementation may leave out arguments that it does not need."""

    @specification
    def addon_info(self) -> AddonInfo:
        """Return what the add-on is. Every add-on implements it."""

    @specification
    def settings(self) -> SettingsModel:
        """Return the model of the add-on's settings, a subclass of ``AddonSettings``."""

    @specification
    def commands(self) -> Sequence[Command]:
        """Return the commands of the add-on."""

    @specification
    def store_parts(self) -> Sequence[StorePart]:
        """Return the parts of the data root that the add-on writes."""

    @specification
    def open_store(self, settings: Settings, is_reader: bool) -> Store | None:
        """Return the store that ``NEWS_STORE`` names; None if it is not this add-on's. Not called for ``local``."""

    @specification
    def run_starting(self, workspace: Workspace) -> None:
        """Check before the first request of a run what a run needs. Raises: ConfigError, which stops the run."""

    @specification
    def run_ended(self, workspace: Workspace, source_keys: Sequence[str]) -> RunNote | None:
        """Return what to print at the end of a run of some sources. An exception is an error of the run."""

    @specification
    def after_run(self, workspace: Workspace) -> Sequence[str]:
        """Act after a run is logged, also after a crash. Return problems, which are printed and do not fail the run."""

    @specification
    def after_commit(self, workspace: Workspace) -> None:
        """Follow a commit, after the head of the lake is written. An exception is a warning: the rows are committed."""

    @specification
    def preview_takedown(self, workspace: Workspace, plan: TakedownPlan) -> TakedownPart | None:
        """Return in ``remaining`` the copies elsewhere that a takedown would not reach; change nothing."""

    @specification
    def on_takedown(
        self, workspace: Workspace, plan: TakedownPlan, lease: Lease, phase: TakedownPhase
    ) -> TakedownPart | None:
        """Erase the articles of a plan from the data of the add-on; return None if it has nothing to do in a phase.

        ``phase`` is "rows" after the tables have lost the articles and before snapshots do, then "state" after inboxes.
        The plan may be carried out several times: after a crash, and while something is unfinished. An exception makes
        the takedown unfinished; the next add-on is called. ``lease`` is checked before each call; check it again before
        each step of a long work. Required of an add-on with a part that has articles.
        """

    @specification
    def after_takedown(self, workspace: Workspace) -> None:
        """Follow a takedown by `newslake forget`, after its lease is released."""

    @specification
    def verify_part(self, workspace: Workspace, is_deep: bool, has_lake: bool) -> Iterable[str]:
        """Return the problems of what the add-on keeps. ``has_lake``: the tables are there, and intact."""

    @specification
    def repair_part(self, workspace: Workspace) -> Sequence[str]:
        """Finish what dead processes left, and mend what is damaged; return sentences about it."""

    @specification
    def maintenance(self, workspace: Workspace, day: date) -> Upkeep:
        """Do the nightly work of the add-on, after that of the core. ``day`` is yesterday."""

    @specification
    def doctor_checks(self) -> Sequence[HealthCheck]:
        """Return the add-on's checks of `newslake doctor`."""

    @specification
    def translate_question(self, sql: str, engine: str, options: Mapping[str, str]) -> str | None:
        """Return the SQL of a saved question for another engine."""

    @specification
    def search_articles(self, place: Path, text: str, options: Mapping[str, Any]) -> Any:
        """Return the result of a search in the lake at a place, as ``LakeReader.search`` needs it."""
