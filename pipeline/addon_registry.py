"""The add-ons of this process: those of the wheel and those of other distributions, selected by ``NEWS_ADDONS``.

The library is pluggy. The core calls each implementation by itself, in the order of needs and then of names: pluggy's
own call would stop at the first exception, and would call the add-on that was registered last first.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pluggy

from newslake.pipeline import environment
from newslake.pipeline.boundary import run_isolated
from newslake.pipeline.errors import ConfigError, NewsError, did_you_mean
from newslake.pipeline.hooks import PROJECT, AddonInfo, Specifications

GROUP = "newslake.addons"  # of entry points
# The add-ons of the wheel, by name.
BUILT_IN = {
    name: f"newslake.pipeline.{place}.addon"
    for name, place in {
        "agents": "agents",
        "airflow": "addons.airflow",
        "alerts": "addons.alerts",
        "audit": "addons.audit",
        "corrections": "addons.corrections",
        "documents": "addons.documents",
        "newsroom": "addons.newsroom",
        "operate": "addons.operate",
        "search": "addons.search",
        "setup": "addons.setup",
        "share": "addons.share",
        "shared": "shared",
        "spark": "spark",
    }.items()
}


@dataclass(frozen=True, slots=True)
class AddonProblem:
    """An add-on that is not loaded, or a part of it that is left out: its name, why, and what to do."""

    name: str
    message: str
    action: str


@dataclass(frozen=True, slots=True)
class Addons:
    """The loaded add-ons in the order of calls, those that the selection leaves out, and the problems."""

    selection: str
    infos: tuple[AddonInfo, ...]
    left_out: tuple[str, ...]
    problems: tuple[AddonProblem, ...]
    _manager: pluggy.PluginManager

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(info.name for info in self.infos)

    def implementations(self, hook: str) -> Iterator[tuple[AddonInfo, Callable[..., Any]]]:
        """Yield the implementations of a hook in order, each with its add-on.

        A hook whose owner is not loaded has none. Call with keywords: an implementation gets the arguments that it
        names.
        """
        caller = getattr(self._manager.hook, hook, None)
        if caller is None or caller.spec is None:
            return
        functions = {each.plugin_name: each for each in caller.get_hookimpls()}
        for info in self.infos:
            if (each := functions.get(info.name)) is not None:
                yield info, partial(_call, each)

    def first(self, hook: str, **arguments: object) -> Any:
        """Return the first result of a hook that is not None, else None. Raises what an add-on raises."""
        results = (call(**arguments) for _, call in self.implementations(hook))
        return next((each for each in results if each is not None), None)

    def outcomes(self, hook: str, **arguments: object) -> Iterator[tuple[AddonInfo, Any]]:
        """Call one implementation after the other; yield its result, or its error, with its add-on."""
        for info, call in self.implementations(hook):
            try:
                value = run_isolated(partial(call, **arguments), key=f"add-on {info.name}, {hook}")
            except (NewsError, OSError) as error:  # those that fail a run fail this add-on alone
                value = error
            yield info, value

    def collect(self, hook: str, **arguments: object) -> tuple[list[tuple[AddonInfo, Any]], list[Exception]]:
        """Call each implementation; return the results with their add-ons, and the errors of those that failed."""
        results, errors = list[tuple[AddonInfo, Any]](), list[Exception]()
        for info, value in self.outcomes(hook, **arguments):
            if isinstance(value, Exception):
                errors.append(value)
            else:
                results.append((info, value))
        return results, errors


def _call(implementation: pluggy.HookImpl, **arguments: object) -> Any:
    return implementation.function(*(arguments[name] for name in implementation.argnames))


def load_addons() -> Addons:
    """Return the add-ons that ``NEWS_ADDONS`` selects in this process. Raises: ConfigError for an unknown name."""
    return addons_of(environment.value_of("addons", default="all"))


@lru_cache(maxsize=8)
def addons_of(selection: str) -> Addons:
    """Return the add-ons of a selection: ``all`` or nothing, ``none``, or names separated by commas.

    Raises: ConfigError for an unknown name.
    """
    modules, problems = _modules()
    names = _selected(selection, sorted(modules), broken=[each.name for each in problems])
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(Specifications)
    for name in names:
        if (owner := getattr(modules[name], "specifications", None)) is not None:
            manager.add_hookspecs(owner)
    infos: dict[str, AddonInfo] = {}
    for name in names:
        info = run_isolated(partial(_register, manager, modules[name], name), key=f"add-on {name}", log_traceback=False)
        if isinstance(info, AddonInfo):
            infos[name] = info
            continue
        if manager.has_plugin(name):
            manager.unregister(name=name)
        problems.append(AddonProblem(name, str(info), "correct it, or leave it out by NEWS_ADDONS"))
    ordered, unmet = _in_order(infos)
    for name, message in unmet:
        manager.unregister(name=name)
        problems.append(AddonProblem(name, message, "add what it needs to NEWS_ADDONS"))
    left_out = tuple(name for name in sorted(modules) if name not in names)
    return Addons(selection, tuple(ordered), left_out, tuple(problems), manager)


def _modules() -> tuple[dict[str, Any], list[AddonProblem]]:
    """Return the module of each add-on by name, and those that cannot be imported."""
    modules: dict[str, Any] = {}
    problems = []
    for point in (*_built_in(), *sorted(entry_points(group=GROUP), key=lambda point: point.name)):
        if point.name in modules:
            message = f"two add-ons have the name {point.name}; the one of {point.value} is not loaded"
            problems.append(AddonProblem(point.name, message, "uninstall one of them"))
            continue
        module = run_isolated(point.load, key=f"add-on {point.name} ({point.value})", log_traceback=False)
        if isinstance(module, NewsError):
            problems.append(AddonProblem(point.name, str(module), f"uninstall it, or correct {point.value}"))
        else:
            modules[point.name] = module
    return modules, problems


def _built_in() -> Iterator[EntryPoint]:
    return (EntryPoint(name, place, GROUP) for name, place in BUILT_IN.items())


def _selected(selection: str, names: Sequence[str], *, broken: Sequence[str]) -> list[str]:
    words = [word.strip() for word in selection.split(",") if word.strip()] or ["all"]
    if words in (["all"], ["none"]):
        return list(names) if words == ["all"] else []
    for word in words:
        if word not in names and word not in broken:
            message = f"NEWS_ADDONS: {word!r} is not an add-on; {did_you_mean(word, ['all', 'none', *names])}"
            raise ConfigError(message, key="NEWS_ADDONS")
    return [name for name in names if name in words]


def _register(manager: pluggy.PluginManager, module: Any, name: str) -> AddonInfo | str:
    """Register an add-on; return what it is, or why it cannot be used."""
    manager.register(module, name=name)
    info = module.addon_info()
    if not isinstance(info, AddonInfo) or info.name != name:
        return f"add-on {name}: its addon_info() is not that of {name}"
    if unknown := sorted(_unknown_hooks(manager, name)):
        return f"add-on {name}: there is no hook {unknown[0]}"
    return info


def _unknown_hooks(manager: pluggy.PluginManager, name: str) -> Iterator[str]:
    """Yield the hooks that an add-on implements and nobody specifies, but those that it marks as optional."""
    for caller in manager.get_hookcallers(manager.get_plugin(name)) or ():
        for each in caller.get_hookimpls():
            if each.plugin_name == name and caller.spec is None and not each.optionalhook:
                yield caller.name


def _in_order(infos: dict[str, AddonInfo]) -> tuple[list[AddonInfo], list[tuple[str, str]]]:
    """Return the add-ons after those that they need, by name otherwise; and those whose needs are not met, with why."""
    ordered: dict[str, AddonInfo] = {}
    waiting = [infos[name] for name in sorted(infos)]
    while ready := [info for info in waiting if set(info.needs) <= ordered.keys()]:
        ordered[ready[0].name] = ready[0]
        waiting.remove(ready[0])
    return list(ordered.values()), [
        (info.name, f"add-on {info.name} needs {', '.join(sorted(set(info.needs).difference(ordered)))}")
        for info in waiting
    ]
