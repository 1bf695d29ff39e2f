"""`newslake doctor`: everything that a run needs."""

from dataclasses import asdict

import typer
from rich.markup import escape

from newslake.pipeline.addon_registry import addons_of
from newslake.pipeline.cli import lost_commands
from newslake.pipeline.cli.output import AsJson, out, print_json, workspace
from newslake.pipeline.hooks import Finding

_ACTION = "correct the add-on, or leave it out by NEWS_ADDONS"
_MARKS = {"ok": "[green]ok  [/green]", "warn": "[yellow]warn[/yellow]", "fail": "[red]FAIL[/red]"}


def doctor(as_json: AsJson = False) -> None:
    """Check that everything a run needs is in place: ok, warn or FAIL, with one action each.

    Checks Python, Airflow, clock, data root, sources, user agent, model, knowledge base, archive, lake, add-ons,
    compaction, freshness of the sources, the state of alerts and alerts.toml; with NEWS_STORE=shared also its services.
    Exit 1 if a check fails; a warning leaves it 0.
    """
    from newslake.pipeline.upkeep.health import examine

    space = workspace()
    lost = lost_commands(addons_of(space.settings.addons))
    findings = (
        *examine(space),
        *(Finding(name="addon_command", status="warn", message=line, action=_ACTION) for line in lost),
    )
    if as_json:
        print_json([asdict(each) for each in findings])
    for each in () if as_json else findings:
        title = f"{_MARKS[each.status]} {each.name.replace('_', ' '):<14}"
        out.print(f"{title} {escape(each.message)}", highlight=False, soft_wrap=True)
        if each.action is not None:
            out.print(f"{'':<20}to do: {escape(each.action)}", highlight=False, soft_wrap=True)
    if any(each.status == "fail" for each in findings):
        raise typer.Exit(1)
