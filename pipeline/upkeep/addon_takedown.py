"""What add-ons do in a takedown, each in its data: an error of one leaves the takedown open, and the next follows.

A takedown reaches the data of loaded add-ons only. So it does not start while there is other data of articles.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from newslake.pipeline.addon_registry import addons_of
from newslake.pipeline.archive import TakedownPlan
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.hooks import AddonInfo, TakedownPart, TakedownPhase
from newslake.pipeline.jobs.inventory import unreachable_parts
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.leases import Lease

type NamedPart = tuple[str, TakedownPart]
"""What an add-on erases, with its name."""


@dataclass(frozen=True, slots=True)
class AddonErasure:
    """What all add-ons erase: counts by add-on, lines for people, and what is unfinished or remains elsewhere."""

    parts: Mapping[str, int]
    part_lines: tuple[str, ...]
    unfinished: tuple[str, ...]
    remaining: tuple[str, ...]

    @classmethod
    def of(cls, parts: Iterable[NamedPart]) -> Self:
        """Join what add-ons erase, also in several phases."""
        pairs, counts = list(parts), Counter[str]()
        for name, part in pairs:
            counts[name] += part.changed
        return cls(
            parts=dict(counts),
            part_lines=tuple(part.line for _, part in pairs if part.line),
            unfinished=tuple(line for _, part in pairs for line in part.unfinished),
            remaining=tuple(line for _, part in pairs for line in part.remaining),
        )


def out_of_reach(workspace: Workspace) -> tuple[str, ...]:
    """Return sentences about data of articles that no takedown erases, because its add-on is not loaded.

    Besides the parts of the data root, a store of services may have the state of an add-on.
    """
    settings = workspace.settings
    states = () if settings.store == "local" else workspace.store.side_states()
    loaded = {info.name for info, _ in addons_of(settings.addons).implementations("on_takedown")}
    lines = (
        f"the store has the state of add-on {name}, which may have data of articles, and no takedown erases it while "
        f"the add-on is not loaded; add {name} to NEWS_ADDONS, and install it if it is not there"
        for name in sorted(set(states).difference(loaded))
    )
    return (*unreachable_parts(settings), *lines)


def check_reach(workspace: Workspace) -> None:
    """Check that a takedown can erase from all data of articles. Raises: ConfigError (addon_missing)."""
    if sentences := out_of_reach(workspace):
        raise ConfigError("\n".join(sentences), key="addons", reason="addon_missing")


def copies_elsewhere(workspace: Workspace, plan: TakedownPlan) -> tuple[str, ...]:
    """Return sentences about copies of some articles that no takedown reaches; the error of an add-on is one, too."""
    addons = addons_of(workspace.settings.addons)
    lines: list[str] = []
    for info, outcome in addons.outcomes("preview_takedown", workspace=workspace, plan=plan):
        if isinstance(outcome, Exception):
            lines.append(_sentence(info, outcome))
        elif outcome is not None:
            lines += outcome.remaining
    return tuple(lines)


def erase_from_addons(
    workspace: Workspace, plan: TakedownPlan, lease: Lease, phase: TakedownPhase
) -> Iterator[NamedPart]:
    """Erase the articles of a plan in one phase; yield what each add-on erases, by its name.

    Raises: StoreError (lease_lost) before the next add-on, and after the last one.
    """
    arguments = {"workspace": workspace, "plan": plan, "lease": lease, "phase": phase}
    lease.check()
    for info, outcome in addons_of(workspace.settings.addons).outcomes("on_takedown", **arguments):
        if isinstance(outcome, Exception):
            sentence = f"{_sentence(info, outcome)}; then run `newslake lake repair`"
            yield info.name, TakedownPart(unfinished=(sentence,))
        elif outcome is not None:
            yield info.name, outcome
        lease.check()


def follow_in_addons(workspace: Workspace) -> tuple[str, ...]:
    """Let add-ons follow a takedown; return a sentence for each that failed."""
    outcomes = addons_of(workspace.settings.addons).outcomes("after_takedown", workspace=workspace)
    return tuple(_sentence(info, outcome) for info, outcome in outcomes if isinstance(outcome, Exception))


def _sentence(info: AddonInfo, error: Exception) -> str:
    return f"add-on {info.name}: {error}"
