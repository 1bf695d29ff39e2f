"""`newslake store`: move the data root of one machine to a shared store."""

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated

import typer

from newslake.pipeline.cli.output import AsJson, Quiet, out, print_error, print_json, print_note, settings
from newslake.pipeline.cli.progress import PageProgress, duration, page_progress

store_app = typer.Typer(no_args_is_help=True, help="Move the data root of one machine to a shared store.")


@store_app.command("migrate")
def migrate(
    to: Annotated[
        str, typer.Option("--to", metavar="URL", help="Bucket and prefix, s3://BUCKET/PREFIX, as in NEWS_OBJECTS_URL.")
    ],
    register: Annotated[
        bool, typer.Option("--register", help="Keep the files of the tables as they are, instead of writing rows.")
    ] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Move archive, tables and state of NEWS_DATA_DIR to the shared store of the settings.

    Runs of this data root wait meanwhile; no byte of it is changed. At the end, both sides are compared. Call it again
    after a kill: what is there stays. Exit 1 if both sides differ.
    """
    from newslake.pipeline.shared import move_job as migration

    began = time.monotonic()
    with page_progress(quiet=quiet) as progress:
        result = migration.migrate(settings(), to=to, registers=register, report=_counted(progress))
    seconds = time.monotonic() - began
    if as_json:
        print_json({**asdict(result), "seconds": seconds})
    else:
        for name, count in result.counts.items():
            out.print(f"{name}: {count:,}", highlight=False, markup=False)
    for each in result.problems:
        print_error(each)
    if result.problems and result.ended_before is not None:
        print_note(f"the move ended at {result.ended_before:%Y-%m-%d %H:%M} UTC; what ran on one side since differs")
    elif result.problems:
        print_note("the move has not ended; call it again: it copies what differs")
    if result.problems:
        raise typer.Exit(1)
    print_note(*result.sentences(), f"it took {duration(seconds)}")


def _counted(progress: PageProgress) -> Callable[[str, str, int, int], None]:
    """Return a function that shows the steps of a move, and how far each is; bytes as megabytes."""
    shown = ""

    def report(step: str, unit: str, done: int, total: int) -> None:
        nonlocal shown
        scale, word = (1_000_000, "MB") if unit == "bytes" else (1, unit)
        if shown != step:
            shown = step
            progress(step, unit=word)
        if done:
            progress.count(done // scale, total // scale)

    return report
