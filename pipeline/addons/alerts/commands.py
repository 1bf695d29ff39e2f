"""`newslake alerts`: list the rules of alerts.toml, try one, check all of them and deliver; drop messages."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from newslake.pipeline.cli.output import AsJson, out, print_error, print_json, print_note, print_rows, workspace
from newslake.pipeline.model import pluralize

if TYPE_CHECKING:
    from newslake.pipeline.addons.alerts.alert import AlertCheck, AlertItem

_SHOWN = 20

alerts_app = typer.Typer(help="Alerts: list the rules of alerts.toml, try one, check all.", rich_markup_mode=None)


@alerts_app.callback(invoke_without_command=True)
def list_rules(context: typer.Context, as_json: AsJson = False) -> None:
    """List the rules of alerts.toml with their state.

    The state is what the last check recorded: the number of open alerts.
    """
    if context.invoked_subcommand is not None:
        return
    from newslake.pipeline.addons.alerts.evaluation import read_rules
    from newslake.pipeline.addons.alerts.tasks import states_of

    space = workspace(is_reader=True)
    rules = read_rules(space)
    states = states_of(space, rules)
    if as_json:
        print_json([asdict(each) for each in states])
        return
    if not states:
        print_note(f"{rules.path} has no rules; docs/addons/alerts.md shows how to write one")
        return
    columns = ("rule", "on", "state", "to")
    print_rows(columns, [(each.rule, each.on, each.summary, ", ".join(each.senders)) for each in states], as_json=False)


@alerts_app.command("test")
def try_rule(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="A rule of alerts.toml.")],
    send: Annotated[bool, typer.Option("--send", help="Also send it, as one test message.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check one rule now, and print what it finds.

    Prints each item with its receipt: links and a command that traces it. Changes no state, and sends nothing without
    --send, which prints the senders that took the message. Exit 1 if the rule cannot be checked, or if a sender fails.
    """
    from newslake.pipeline.addons.alerts.evaluation import evaluate, read_rules
    from newslake.pipeline.addons.alerts.tasks import send_test

    space = workspace(is_reader=True)
    rules = read_rules(space)
    check = evaluate(space, rules.named(rule), rules)
    failures = send_test(space, rules, check) if send else ()
    if as_json:
        print_json({**asdict(check), "failures": [asdict(each) for each in failures]})
    elif check.error is None:
        _print_check(check)
    if check.error is not None:
        print_error(f"rule {rule} cannot be checked: {check.error}")
    for each in failures:
        print_error(f"sender {each.sender}: {each.reason}")
    failed = {each.sender for each in failures}
    if send and (sent := [name for name in rules.named(rule).policy.senders if name not in failed]):
        print_note(f"sent to {', '.join(sent)}")
    if check.error is not None or failures:
        raise typer.Exit(1)


@alerts_app.command("check")
def check_all(as_json: AsJson = False) -> None:
    """Check all rules, record what they find, and send the messages that wait.

    For cron. Exit 1 if a rule could not be checked, or if a sender does not work; its messages wait.
    """
    from newslake.pipeline.addons.alerts.evaluation import read_rules
    from newslake.pipeline.addons.alerts.tasks import check_and_deliver

    space = workspace()
    report = check_and_deliver(space, read_rules(space))
    if as_json:
        rules = {each.rule: {"total": each.total, "error": each.error} for each in report.checks}
        print_json({"rules": rules, "failures": [asdict(each) for each in report.failures]})
    else:
        for check in report.checks:
            count = "not checked" if check.error else pluralize(check.total, "item")
            out.print(f"{check.rule}: {count}", highlight=False, markup=False)
    for line in report.problems:
        print_error(line)
    if report.problems:
        raise typer.Exit(1)


@alerts_app.command("drop")
def drop(sender: Annotated[str, typer.Argument(metavar="SENDER", help="A sender, also one that was removed.")]) -> None:
    """Drop the messages that wait for a sender; they are never sent. Atom files keep them."""
    from newslake.pipeline.addons.alerts.tasks import drop_messages

    count = drop_messages(workspace(), sender)
    out.print(f"{pluralize(count, 'message')} for {sender} dropped", highlight=False, markup=False)


def _print_check(check: "AlertCheck") -> None:
    for item in check.items[:_SHOWN]:
        _print_item(item)
    more = f", of which {_SHOWN} are shown" if check.total > _SHOWN else ""
    noun = "open alert" if check.kind == "state" else "row"
    print_note(f"rule {check.rule} finds {pluralize(check.total, noun)}{more}")


def _print_item(item: "AlertItem") -> None:
    out.print(item.title, style="bold", highlight=False, markup=False, soft_wrap=True)
    receipt = [line for line in (item.receipt, item.article_url, item.command) if line]
    for line in (*item.detail.splitlines(), *receipt):
        out.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
