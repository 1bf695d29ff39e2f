"""`newslake doctor`: is everything there, and what to do where it is not."""

import typer
from rich.markup import escape

from pipeline.cli.output import AsJson, out, print_json, workspace


def doctor(as_json: AsJson = False) -> None:
    """Check Python, Airflow, disk, sources, model, archive and lake; exit 1 if anything is wrong."""
    from pipeline.reports.health import examine

    findings = examine(workspace())
    if as_json:
        print_json([{"name": each.name, "is_well": each.is_well, "told": each.message} for each in findings])
    for each in () if as_json else findings:
        mark = "[green]well [/green]" if each.is_well else "[red]WRONG[/red]"
        out.print(f"{mark} {each.name:<8} {escape(each.message)}", highlight=False, soft_wrap=True)
    if not all(each.is_well for each in findings):
        raise typer.Exit(1)
