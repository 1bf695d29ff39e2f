"""Generate docs/reference.md: the settings and the commands, of the core and of each add-on of the wheel."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import typer.main
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from newslake.pipeline.addon_registry import BUILT_IN, addons_of
from newslake.pipeline.cli import app, sections_of
from newslake.pipeline.cli.command_tree import walk_commands
from newslake.pipeline.environment import PREFIX
from newslake.pipeline.settings import Settings

_INTRO = """\
# Settings and commands

<!-- Written by `make docs` from the code. Edit the descriptions there. -->

[Operations](operations.md) describes the tasks in which you need them. Section titles are those of `newslake --help`:
first the core, then the add-ons. `NEWS_ADDONS` selects add-ons; the settings and commands of the others do not exist.

## Settings

A setting is an environment variable or a line of `newslake.env` in the current folder; the environment has precedence.
All are optional. An empty default means that it is not set.
"""
_COMMANDS = """\
## Commands

With `--help`, a command describes each of its options. It exits with 0 on success, 1 for a problem that its message
names, 2 for invalid arguments or settings. Results go to standard output, progress and problems to standard error.
"""
_CORE = "Core"
_MARKUP = re.compile(r"([|<])")


def reference_markdown() -> str:
    """Return the content of docs/reference.md."""
    return "\n".join((_INTRO, *_setting_tables(), _COMMANDS, *_command_tables()))


def _setting_tables() -> Iterator[str]:
    for title, model in models_by_title():
        rows = (_setting_row(name, field) for name, field in model.model_fields.items())
        yield _table(f"{title}: settings", ("setting", "default", "meaning"), rows)


def models_by_title() -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield the models of settings, that of the core first, each with the title of its section."""
    yield _CORE, Settings
    for info, settings in addons_of("all").implementations("settings"):
        if info.name in BUILT_IN:
            yield info.title, settings()


def _setting_row(name: str, field: FieldInfo) -> tuple[str, ...]:
    return f"`{PREFIX}{name.upper()}`", _default(field.default), field.description or ""


def _default(value: object) -> str:
    if value is None:
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _command_tables() -> Iterator[str]:
    titles = _titles_by_command()
    rows: dict[str, list[tuple[str, ...]]] = {title: [] for title in titles.values()}
    for path, command in _commands(typer.main.get_command(app)):
        title = titles.get(path) or titles.get(path.partition(" ")[0])
        if title is not None:
            rows[title].append((f"`newslake {path}`", _help(command), _parameters(command.params)))
    for title, commands in rows.items():
        yield _table(f"{title}: commands", ("command", "what it does", "arguments and options"), commands)


def _commands(tree: Any) -> Iterator[tuple[str, Any]]:
    """Yield each command by its path, and each group that is also a command, before its commands."""
    groups = {name: tree.get_command(None, name) for name in tree.list_commands(None)}
    callable_groups = {name: each for name, each in groups.items() if getattr(each, "invoke_without_command", False)}
    for path, command in walk_commands(tree):
        name = path.partition(" ")[0]
        if (group := callable_groups.pop(name, None)) is not None:
            yield name, group
        yield path, command


def _titles_by_command() -> Mapping[str, str]:
    """Return the title of the section of each command of `newslake --help`."""
    names = ",".join(BUILT_IN)
    return {command.name: title for title, each in sections_of(addons_of(names)).items() for command in each}


def _help(command: Any) -> str:
    text = " ".join((command.help or "").split())
    return text if text.endswith(".") else f"{text}."


def _parameters(parameters: Iterable[Any]) -> str:
    names = (
        max(each.opts, key=len) if each.param_type_name == "option" else (each.metavar or each.name).upper()
        for each in parameters
    )
    return ", ".join(f"`{name}`" for name in names)


def _table(title: str, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    head, *lines = ("|" + "|".join(map(_escape, cells)) + "|" for cells in (columns, *rows))
    return "\n".join((f"### {title}\n", head, "|---" * len(columns) + "|", *lines, ""))


def _escape(text: str) -> str:
    return _MARKUP.sub(r"\\\1", text)
