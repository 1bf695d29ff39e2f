"""The tree of commands: those of the core and of the add-ons, each loaded when it is called, and the grouped help."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from newslake.pipeline.hooks import Command

type Sections = Mapping[str, Sequence[Command]]


class CommandTree(TyperGroup, ABC):
    """A group whose commands are loaded when they are called. A subclass says which: ``sections``, by title."""

    @abstractmethod
    def sections(self) -> Sections:
        """Return the commands of each section."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the commands, section by section."""
        names = (command.name.partition(" ")[0] for commands in self.sections().values() for command in commands)
        return list(dict.fromkeys(names))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Load a command; None for an unknown name."""
        commands = {command.name: command for commands in self.sections().values() for command in commands}
        if cmd_name not in commands:
            return None
        more = {name.partition(" ")[2]: each for name, each in commands.items() if name.startswith(f"{cmd_name} ")}
        return _load(commands[cmd_name], more)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the sections of the help; no command is loaded for it."""
        for title, commands in self.sections().items():
            with formatter.section(title):
                formatter.write_dl([(command.name, command.help) for command in commands])


class _GroupWithAddons(TyperGroup):
    """A group to which add-ons add commands; ``more`` are these by name."""

    more: Mapping[str, Command] = {}

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the group's commands, then those of add-ons."""
        return [*super().list_commands(ctx), *self.more]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command; None for an unknown name."""
        return _load(self.more[cmd_name], {}) if cmd_name in self.more else super().get_command(ctx, cmd_name)


def _load(command: Command, more: Mapping[str, Command]) -> Any:
    """Return the command or the group at a place, a group with the commands that add-ons add to it."""
    target = _at(command.place)
    if not isinstance(target, typer.Typer):
        app = _app()
        parser = {} if command.parser is None else {"cls": _at(command.parser)}
        app.command(command.name.rpartition(" ")[2], context_settings=dict(command.context), **parser)(target)
        return get_command(app)
    group = type("_GroupWithAddons", (_GroupWithAddons,), {"more": more})
    outer = _app()
    outer.add_typer(target, name=command.name, cls=group)
    outer.callback()(_nothing)  # without it, an app with one group would be that group
    return get_command(outer).commands[command.name]  # type: ignore[attr-defined]  # a group


def _app() -> typer.Typer:
    return typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


def _nothing() -> None:
    """Do nothing before a command."""


def _at(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


def walk_commands(tree: TyperGroup) -> Iterator[tuple[str, Any]]:
    """Yield the path of each command, such as "lake verify", and the command; it loads all."""
    for name in tree.list_commands(None):  # type: ignore[arg-type]  # the context is not read
        command = tree.get_command(None, name)  # type: ignore[arg-type]
        if isinstance(command, TyperGroup):
            yield from ((f"{name} {path}", child) for path, child in walk_commands(command))
        elif command is not None and not command.hidden:
            yield name, command
