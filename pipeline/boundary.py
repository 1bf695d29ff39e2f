"""The boundary around one item: a page, entry, record, line, file or article that breaks affects only itself.

This module has the only blind catch of the project. Whoever works on many items works on each of them inside
``run_isolated``.
"""

import logging
import traceback
from collections.abc import Callable
from pathlib import Path

from newslake.pipeline.errors import BrokenItemError, NewsError
from newslake.pipeline.unicode import to_well_formed

log = logging.getLogger(__name__)

_ROOT = Path(__file__).parent.parent
_MESSAGE_CHARS = 300


def run_isolated[T](work: Callable[[], T], *, key: str, log_traceback: bool = True) -> T | NewsError:
    """Return the result of ``work`` for one item, or its error: a ``BrokenItemError`` for an unexpected exception.

    ``key`` names the item in the message and in the log, which gets the traceback. Without ``log_traceback`` it does
    not: for a group whose items are tried one by one after an error.

    Raises: a NewsError that must fail the whole run; OSError and MemoryError, which are problems of the machine.
    """
    try:
        return work()
    except NewsError as error:
        if error.disposition == "fail":
            raise
        return error
    except (OSError, MemoryError):  # the whole task is retried
        raise
    except Exception as error:  # noqa: BLE001 - the only blind catch: a defect affects one item, never the others
        if log_traceback:
            # The traceback may hold the text of the item, so exc_info could break whoever encodes the record.
            log.error("%s", to_well_formed(f"{key}\n{''.join(traceback.format_exception(error))}"))
        return broken_item(error, key=key)


def broken_item(error: Exception, *, key: str) -> BrokenItemError:
    """Return the outcome of an item for an unexpected exception: its type, place and message."""
    name = to_well_formed(key)
    cause = to_well_formed(f"{type(error).__name__} in {place_of(error)}: {error}")
    if len(cause) > _MESSAGE_CHARS:
        cause = f"{cause[:_MESSAGE_CHARS]}…"
    return BrokenItemError(
        f"{name}: newslake failed on it ({cause}); the others continue; please report it",
        key=name,
        reason="broken_item",
    )


def place_of(error: BaseException) -> str:
    """Return file and line of the innermost frame of newslake, else of the innermost frame.

    A call of an add-on is no such frame: an error of another distribution has a place in its file.
    """
    frames = [each for each in traceback.extract_tb(error.__traceback__) if each.filename != __file__]
    ours = [frame for frame in frames if _is_ours(Path(frame.filename))]
    if not frames:
        return "unknown place"
    frame = (ours or frames)[-1]
    path = Path(frame.filename)
    return f"{path.relative_to(_ROOT) if ours else path.name}:{frame.lineno}"


def _is_ours(path: Path) -> bool:
    return path.is_relative_to(_ROOT / "pipeline") and path.name != "addon_registry.py"
