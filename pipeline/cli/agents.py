"""`newslake mcp`: the tables for an agent, as tools of the Model Context Protocol on standard input and output."""

from pipeline.cli.output import print_note, settings
from pipeline.errors import ConfigError

_MISSING = "`newslake mcp` needs the SDK of the Model Context Protocol: pip install 'newslake[mcp]'"


def mcp() -> None:
    """Serve the tables to an agent over MCP, on standard input and output.

    A client such as an editor or a chat program starts this command; it ends when the client closes its input. It reads
    the lake and writes nothing. Standard output has only the protocol, so messages go to standard error.
    """
    given = settings()
    try:
        from pipeline.agents.server import serve
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("mcp", "mcp_types", "anyio"):
            raise
        raise ConfigError(_MISSING, key="mcp") from error
    print_note("newslake mcp waits for a client on standard input; Ctrl-D ends it")
    serve(given)
