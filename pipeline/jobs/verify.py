"""Is what lies on the disk what was written: the lake's bytes, and as deep as is asked its rows and the archive."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from itertools import chain

import pyarrow as pa

from pipeline.archive import Damage
from pipeline.jobs.workspace import Workspace
from pipeline.lake import Depth

_NIGHTS = 28  # until every day was read once more


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """What was looked at, and what is wrong: sentences that name it and say what to do.

    ``rows`` are of the lake, ``records`` captures and attempts of the archive; the files of both are counted.
    """

    problems: tuple[str, ...]
    files: int
    megabytes: float
    rows: int
    records: int
    seconds: float

    @property
    def counts(self) -> dict[str, float]:
        """How much was looked at, and how long it took."""
        return {name: value for name, value in asdict(self).items() if name != "problems"}


def read_nothing(day: date) -> bool:
    """Read no day's rows and records."""
    return False


def read_everything(day: date) -> bool:
    """Read every day's rows and records."""
    return True


def nightly_share(today: date) -> Callable[[date], bool]:
    """Return which days to read tonight: yesterday, and of all others one in 28, so that four weeks see each once."""
    return lambda day: (today - day).days % _NIGHTS == 1


def verify(workspace: Workspace, *, reads: Callable[[date], bool] = read_nothing) -> VerifyReport:
    """Check every byte of the lake; of the published and news days that ``reads`` says, every row and record too.

    With any day read, the databases of the archive are looked at as well. A row's receipt holds when its record is in
    the index, and every record that the index has is what its digest says: the latter is known of the days read.
    """
    began, tally = time.monotonic(), Counter[str]()
    damages = [] if reads is read_nothing else list(damages_of_archive(workspace, reads=reads, tally=tally))
    depth = Depth(reads=reads, check=partial(_check_receipts, workspace), tally=tally)
    if any(damage.is_of_index for damage in damages):
        depth = Depth(reads=reads, tally=tally)
    problems = (*map(str, damages), *workspace.lake.verify(depth))
    return VerifyReport(
        problems=problems,
        files=tally["files"],
        megabytes=tally["bytes"] / 1e6,
        rows=tally["rows"],
        records=tally["records"],
        seconds=time.monotonic() - began,
    )


def damages_of_archive(
    workspace: Workspace, *, reads: Callable[[date], bool] = read_everything, tally: Counter[str] | None = None
) -> Iterator[Damage]:
    """Yield what is wrong with the archive and the state of fetching beside it."""
    return chain(workspace.archive.verify(reads=reads, tally=tally), workspace.fetch_state.verify())


def _check_receipts(workspace: Workspace, articles: pa.Table) -> Iterator[str]:
    refs = dict(zip(articles["raw_ref"].to_pylist(), articles["article_id"].to_pylist(), strict=True))
    refs.pop(None, None)
    for ref in sorted(refs.keys() - workspace.archive.held(refs)):
        told = "put its WARC file back, or `newslake push` its URL"
        yield f"articles.raw_ref: the archive holds no {ref}, from which {refs[ref]} was read; {told}"
