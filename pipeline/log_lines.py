"""Log lines on standard error: text, or one JSON object per line with the names that Airflow's JSON logs have.

An object has ``timestamp`` (of the record, UTC), ``level``, ``logger``, ``event`` (the message), and the fields of the
record that are known: ``run_id``, ``source_key``, ``news_day``, ``url``, ``outcome``, ``reason``, ``detail``.
"""

import logging
import sys
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

LogFormat = Literal["text", "json"]
# Logger of messages to the person at the command line. With those of `pipeline` it has the level INFO.
MESSAGES = "newslake"
_FIRST = ("timestamp", "level", "logger", "event")


class JsonHandler(logging.StreamHandler[TextIO]):
    """Writes each record as one JSON object."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self.setFormatter(json_formatter())


def json_formatter() -> logging.Formatter:
    """Return the formatter of JSON lines; a traceback is part of its object."""
    import structlog  # noqa: PLC0415 - only this format needs it; it takes 0.1 s

    formatter = structlog.stdlib.ProcessorFormatter
    before: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
    ]
    after: list[Any] = [
        _add_time,
        structlog.processors.format_exc_info,
        formatter.remove_processors_meta,
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
    ]
    return formatter(foreign_pre_chain=before, processors=after)


def configure_logging(log_format: LogFormat, *, stream: TextIO | None = None) -> None:
    """Write the log of this process to a stream, by default standard error, in a format.

    As text, the logging of Python stays as it is: warnings are written, and commands show their progress themselves.
    """
    if log_format == "json" and not writes_json():
        logging.basicConfig(level=logging.WARNING, handlers=[JsonHandler(stream or sys.stderr)], force=True)
        for name in ("newslake", MESSAGES):
            logging.getLogger(name).setLevel(logging.INFO)


def writes_json() -> bool:
    """Return whether this process writes its log as JSON objects, so that all on standard error must be such lines."""
    return any(isinstance(handler, JsonHandler) for handler in logging.getLogger().handlers)


def _add_time(_logger: object, _method: str, fields: Any) -> dict[str, Any]:
    """Add the time of the record; put the fields that each line has first."""
    record: logging.LogRecord = fields["_record"]
    fields["timestamp"] = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds")
    return {**{name: fields.pop(name) for name in _FIRST}, **fields}
