"""The MCP server on standard input and output. It ends when its input ends.

Each call runs in a thread, within the time and memory limits of Newsroom; SQL of the agent runs in a process. Standard
output has only the protocol.
"""

import json
import logging
import re
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import cache, partial
from io import TextIOWrapper
from pathlib import Path
from threading import Event
from typing import Any

import anyio
import anyio.to_thread
import mcp_types as protocol
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage
from pydantic import ValidationError

from newslake.pipeline import __version__
from newslake.pipeline.agents.answers import CELL_CHARS, to_json
from newslake.pipeline.agents.tools import INSTRUCTIONS, TOOL_OF_NAME, TOOLS, AgentTool, tool_answer
from newslake.pipeline.boundary import run_isolated
from newslake.pipeline.errors import ConfigError, NewsError, did_you_mean
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.query.connection import Limits, apply_limits
from newslake.pipeline.query.query_process import QueryPool
from newslake.pipeline.settings import Settings
from newslake.pipeline.store.table_files import has_lake
from newslake.pipeline.unicode import to_well_formed

AT_ONCE, THREADS = 2, 2
_MOST_BYTES = 1 << 20  # of an answer, which has at most ``MOST_CHARS``
_READ_ONLY = protocol.ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
_NO_LAKE = (
    "the data folder has no lake: set NEWS_DATA_DIR to an absolute path in the configuration of the client, or start "
    "with `newslake run`"
)
_UNEXPECTED = "newslake failed on this call; its log has the details, and the other tools still work"
_QUOTING = ("bad_value", "file_broken")  # reasons of errors whose message may quote a value
_FAILED = "the statement failed on a value or a file; untrusted.message says how, TRY_CAST converts without an error"
_ADVICE = "select fewer days, one source or fewer columns"
_MARKED_LINE = re.compile(r"\n\s*LINE \d+: [^\n]*\n\s*\^*")  # the statement, and where DuckDB found the error
_ESCAPES = re.compile(r"(?i)\\(?:ud[89ab]..\\ud[c-f]..|(ud[89a-f]..)|.)")  # of JSON; the group is a lone surrogate
_OPTION = re.compile(r"(?<!\S)--([a-z][a-z-]*)")  # of the command line

log = logging.getLogger(__name__)


def serve(settings: Settings) -> None:
    """Serve the tools to one client until it closes the connection."""
    processes()
    anyio.run(_serve, settings)


async def _serve(settings: Settings) -> None:
    slots = anyio.CapacityLimiter(AT_ONCE)

    async def call_tool(
        context: ServerRequestContext[Any], call: protocol.CallToolRequestParams
    ) -> protocol.CallToolResult:
        end = Event()
        work = partial(answer_call, settings, call.name, call.arguments or {}, end=end)
        try:
            return await anyio.to_thread.run_sync(work, limiter=slots, abandon_on_cancel=True)
        finally:
            end.set()  # a client that has cancelled or is gone waits for no query

    server: Server[Any] = Server(
        "newslake",
        version=__version__,
        title="newslake",
        instructions=INSTRUCTIONS,
        on_list_tools=_list_tools,
        on_call_tool=call_tool,
    )
    lines = _MessageLines(TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="replace"))
    async with stdio_server(lines) as (received, sent):
        lines.answer = sent.send
        await server.run(received, sent, server.create_initialization_options())


class _MessageLines(anyio.AsyncFile[str]):
    """Standard input. The SDK drops a line that is no message, without an answer.

    So each lone surrogate is U+FFFD here, and a line that is still no message is answered with an error.
    """

    answer: Callable[[SessionMessage], Awaitable[None]]

    async def readline(self) -> str:
        line = _ESCAPES.sub(_well_formed_escape, await super().readline())
        error = _error_of_line(line) if line.strip() else None
        if error is not None:
            await self.answer(SessionMessage(protocol.JSONRPCError(jsonrpc="2.0", id=None, error=error)))
        return line


def _well_formed_escape(escape: re.Match[str]) -> str:
    return "\\ufffd" if escape[1] else escape[0]


def _error_of_line(line: str) -> protocol.ErrorData | None:
    """Return why a line is no message, as JSON-RPC has it; None for a message."""
    try:
        message = protocol.jsonrpc_message_adapter.validate_json(line, by_name=False)
    except ValidationError as error:
        if error.errors()[0]["type"] != "json_invalid":
            return protocol.ErrorData(code=protocol.INVALID_REQUEST, message="Invalid request")
        reason = error.errors()[0]["msg"].removeprefix("Invalid JSON: ")
        return protocol.ErrorData(code=protocol.PARSE_ERROR, message=f"Parse error: {reason}")
    if isinstance(message, protocol.JSONRPCNotification) and "id" in json.loads(line):
        # The SDK takes a request whose id is neither for a notification, which nobody answers.
        return protocol.ErrorData(code=protocol.INVALID_REQUEST, message="Invalid request: id is no text or integer")
    return None


async def _list_tools(
    context: ServerRequestContext[Any], page: protocol.PaginatedRequestParams | None
) -> protocol.ListToolsResult:
    return protocol.ListToolsResult(tools=[_described(tool) for tool in TOOLS])


def _described(tool: AgentTool) -> protocol.Tool:
    return protocol.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.arguments.model_json_schema(),
        output_schema=tool.result.model_json_schema(mode="serialization"),
        annotations=_READ_ONLY,
    )


def answer_call(
    settings: Settings, name: str, arguments: Mapping[str, Any], *, end: Event | None = None
) -> protocol.CallToolResult:
    """Return the answer of a tool, or its error: one line without paths of this machine.

    If another thread sets ``end``, queries end.
    """
    mask = PathMask(settings)
    try:
        found = run_isolated(partial(_answer, settings, name, arguments, end), key=f"tool {name[:60]}")
    except NewsError as error:
        message = _sentence(mask.text(str(error)))
        return _failure(_quoting_error(message) if error.reason in _QUOTING else message)
    except OSError as error:
        log.error("tool %s: %s", name[:60], error)
        return _failure(f"a file of the lake cannot be read: {error.strerror or type(error).__name__}")
    if isinstance(found, NewsError):
        return _failure(_UNEXPECTED)
    content = mask.value(found)
    text = protocol.TextContent(type="text", text=to_json(content))
    return protocol.CallToolResult(content=[text], structured_content=content)


def _answer(settings: Settings, name: str, arguments: Mapping[str, Any], end: Event | None) -> dict[str, Any]:
    """Return an answer as JSON. Raises: NewsError."""
    tool = TOOL_OF_NAME.get(name)
    if tool is None:
        raise ConfigError(f"unknown tool {name[:60]!r}; {did_you_mean(name, TOOL_OF_NAME)}", key=name)
    call = _parse(tool, arguments)
    if not has_lake(Workspace(settings, is_reader=True).place):
        raise ConfigError(_NO_LAKE, key="NEWS_DATA_DIR")
    limits = Limits(
        seconds=settings.newsroom_seconds,
        memory_mb=settings.newsroom_memory_mb,
        threads=THREADS,
        rows=1_000_000,
        advice=_ADVICE,
    )
    if tool.has_expressions:
        answer: dict[str, Any] = processes().call(tool_answer, settings, name, call, limits=limits, end=end)
        return answer
    with apply_limits(limits, end=end):
        return tool_answer(settings, name, call)


@cache
def processes() -> QueryPool:
    """Return the processes of all calls. One is ready for the first call."""
    return QueryPool([tool_answer.__module__], most_bytes=_MOST_BYTES)


def _parse(tool: AgentTool, arguments: Mapping[str, Any]) -> Any:
    """Return the arguments of a call; null is the same as no value. Raises: ConfigError with one sentence."""
    well_formed = json.loads(to_well_formed(to_json(arguments)))  # half an emoji is valid in JSON
    given = {name: value for name, value in well_formed.items() if value is not None}
    try:
        return tool.arguments.model_validate(given)
    except ValidationError as error:
        raise ConfigError(f"{tool.name}: {'; '.join(_problems(tool, error))}", key=tool.name) from error


def _problems(tool: AgentTool, error: ValidationError) -> Iterator[str]:
    known = tool.arguments.model_fields
    for each in error.errors(include_url=False, include_input=False, include_context=False)[:5]:
        place = ".".join(str(part) for part in each["loc"])[:60]
        if each["type"] == "extra_forbidden":
            yield f"unknown argument {place!r}, {did_you_mean(place, known, otherwise=_names(known))}"
        elif each["type"] == "missing":
            yield f"the argument {place} is missing"
        else:
            yield f"{place}: {each['msg'][:1].lower()}{each['msg'][1:]}"


def _names(known: Mapping[str, object]) -> str:
    return f"use {', '.join(known)}" if known else "this tool has no arguments"


def _failure(message: str) -> protocol.CallToolResult:
    return protocol.CallToolResult(content=[protocol.TextContent(type="text", text=message)], is_error=True)


def _sentence(message: str) -> str:
    """Return an error as one line: without the statement that DuckDB repeats, and with options as arguments."""
    return " ".join(_OPTION.sub(_argument_name, _MARKED_LINE.sub("", message)).split())


def _quoting_error(message: str) -> str:
    """Return the error of DuckDB about a value, which may be the text of an article, as an answer has such text."""
    return to_json({"error": _FAILED, "untrusted": {"message": message[:CELL_CHARS]}})


def _argument_name(option: re.Match[str]) -> str:
    return option[1].replace("-", "_")


class PathMask:
    """Replaces the folders of this machine in messages and facts: they are of no use to an agent."""

    def __init__(self, settings: Settings) -> None:
        named = {
            "[data]": settings.data_dir,
            "[sources]": settings.sources_file.parent,
            "[overrides]": settings.overrides_file.parent,
            "[newslake]": Path(__file__).parents[3],
            "[folder]": Path.cwd(),
        }
        pairs = [(path, name) for name, path in reversed(named.items())]
        roots = {str(each): name for path, name in pairs for each in (path.absolute(), path.resolve())}
        self._roots = dict(sorted(roots.items(), key=lambda pair: -len(pair[0])))

    def text(self, text: str) -> str:
        """Return a text with a name in place of each folder."""
        for root, name in self._roots.items():
            if root != "/" and root in text:
                text = text.replace(root, name)
        return text

    def value(self, value: Any) -> Any:
        """Return a JSON value with a name in place of each folder, except in the text of an article."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(each) for each in value]
        if isinstance(value, dict):
            return {key: each if key == "text" else self.value(each) for key, each in value.items()}
        return value
