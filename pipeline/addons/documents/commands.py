"""`newslake annotate` and `clean`: process documents, without a lake.

`newslake events`: explain the events of a sentence.
"""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer
from rich.markup import escape

from newslake.pipeline.cli.output import AsJson, Quiet, err, out, print_error, print_json, settings
from newslake.pipeline.cli.try_page import PublishedAt
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.model import Event, pluralize

if TYPE_CHECKING:
    from rich.progress import Progress

    from newslake.pipeline.addons.documents.documents import Line
    from newslake.pipeline.model.annotation import WordExplanation


Input = Annotated[Path, typer.Argument(metavar="IN", help="JSON Lines to read; - is standard input.", allow_dash=True)]
Output = Annotated[
    Path, typer.Argument(metavar="OUT", help="JSON Lines to write; - is standard output.", allow_dash=True)
]
Workers = Annotated[int, typer.Option(min=1, max=64, metavar="N", help="Number of processes, 1 to 64.")]


def annotate(source: Input, target: Output, workers: Workers = 1, quiet: Quiet = False) -> None:
    """Annotate documents: entities, quotes, events and times.

    A document is {doc_id, text, title, published_at}. Writes one output line per valid input line, in the same order.
    Reports each invalid line with its number and skips it; exit 1 if there are any.
    """
    from newslake.pipeline.addons.documents.documents import annotate_lines

    given = settings()
    with _open_input(source) as lines:
        _write(annotate_lines(lines, settings=given, workers=workers), target, quiet=quiet)


def clean(source: Input, target: Output, workers: Workers = 1, quiet: Quiet = False) -> None:
    """Extract articles from HTML pages.

    Extracts title, authors, credits, date, text and captions. A page is {doc_id, url, html, fetched_at}; "html" names
    a file in the folder of IN, or in the current folder if IN is -. Writes one output line per valid input line, in the
    same order. Reports each invalid line with its number and skips it; exit 1 if there are any.
    """
    from newslake.pipeline.addons.documents.documents import clean_lines

    given = settings()
    folder = Path() if str(source) == "-" else source.parent
    with _open_input(source) as lines:
        _write(clean_lines(lines, folder=folder, settings=given, workers=workers), target, quiet=quiet)


@contextmanager
def _open_input(source: Path) -> Iterator[BinaryIO]:
    if str(source) == "-":
        yield sys.stdin.buffer
        return
    if not source.is_file():
        raise ConfigError(f"{source}: no such file", key=str(source))
    with source.open("rb") as stream:
        yield stream


@contextmanager
def _open_output(target: Path) -> Iterator[BinaryIO]:
    if str(target) == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with target.open("wb") as stream:
        yield stream


def _write(lines: "Iterable[Line]", target: Path, *, quiet: bool) -> None:
    done = bad = 0
    with _open_output(target) as stream, _progress_bar(quiet=quiet) as progress:
        task = progress.add_task("documents", total=None)
        for line in lines:
            done += 1
            if line.result is None:
                bad += 1
                print_error(f"line {line.number}: {line.problem}")
            else:
                stream.write(line.result + b"\n")
            progress.advance(task)
    if bad:
        print_error(f"{bad} of {pluralize(done, 'line')} skipped")
        raise typer.Exit(1)


def _progress_bar(*, quiet: bool) -> "Progress":
    from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=err, transient=True, disable=quiet or not err.is_terminal)


# `newslake events`: explain the events of a sentence.

_MOST_FRAMES = 4  # of one word
events_app = typer.Typer(help="Explain the events of a sentence.", no_args_is_help=True)


@events_app.command("explain")
def explain(
    sentence: Annotated[str, typer.Argument(metavar="TEXT", help="One or more sentences.")],
    published_at: PublishedAt = None,
    as_json: AsJson = False,
) -> None:
    """Show the events of a sentence and the frames that found them, and why the other words are no events.

    Prints the participants, modality, date and place of each event, then each verb and each noun of the lexicon without
    an event: a reason, or the frames of the word, each with the first need that the sentence does not meet.
    """
    from newslake.pipeline.addons.documents.documents import explain_events
    from newslake.pipeline.show.article_view import moment_of

    events, words = explain_events(sentence, settings=settings(), published_at=moment_of(published_at))
    if as_json:
        print_json({"events": [asdict(event) for event in events], "words": [asdict(word) for word in words]})
        return
    for event in events:
        _print_event(event)
    if not events:
        out.print("no event")
    for word in words:
        _print_word(word)


def _print_event(event: Event) -> None:
    kind = "/".join(word for word in (event.event_type, event.event_mode or event.event_subtype) if word)
    derived = f", PLOVER {event.plover_type}" if event.plover_type not in (None, event.event_type) else ""
    out.print(f"[bold]{escape(event.trigger_text)}[/bold]  {kind}{derived}", highlight=False)
    for name, value in (
        ("frame", event.rule_id),
        ("actor", _participant(event, "actor")),
        ("recipient", _participant(event, "recipient")),
        ("modality", event.modality),
        ("date", _date(event)),
        ("place", event.place_text or "-"),
    ):
        out.print(f"  {name:<10} {value}", highlight=False, markup=False)


def _print_word(word: "WordExplanation") -> None:
    out.print(f"[dim]{escape(word.text)}[/dim]  no event", highlight=False)
    if word.reason is not None:
        out.print(f"  {'reason':<10} {word.reason}", highlight=False, markup=False)
    for frame in word.frames[:_MOST_FRAMES]:
        out.print(f"  {'frame':<10} {frame.rule_id} needs {frame.need}", highlight=False, markup=False)
    if len(word.frames) > _MOST_FRAMES:
        out.print(f"  and {len(word.frames) - _MOST_FRAMES} more frames", highlight=False, markup=False)


def _participant(event: Event, side: str) -> str:
    """Return the text of a participant, or its names if it has several, with country and sector."""
    several: tuple[str, ...] = getattr(event, f"{side}s")
    text = " + ".join(several) if several else getattr(event, f"{side}_text")
    known = [code for part in ("country", "sector") if (code := getattr(event, f"{side}_{part}"))]
    return (text or "-") + (f" ({', '.join(known)})" if known else "")


def _date(event: Event) -> str:
    days = " to ".join(str(day) for day in dict.fromkeys((event.event_date, event.event_date_end)) if day)
    words = f'"{event.event_date_text}"' if event.event_date_text else ""
    note = f"({event.event_date_note})" if event.event_date_note else ""
    basis = f"basis {event.event_date_basis}" if event.event_date_basis else ""
    return " ".join(part for part in (words, days, basis, note) if part) or "-"
