"""`newslake mcp`: the tables for an agent, as tools of the Model Context Protocol on standard input and output."""

from newslake.pipeline.cli.output import print_note, settings
from newslake.pipeline.extras import require_extra


def mcp() -> None:
    """Serve the tables to an agent over MCP, on standard input and output.

    A client such as an editor or a chat program starts this command; it ends when the client closes its input. It reads
    the lake and writes nothing. Standard output has only the protocol, so messages go to standard error.
    """
    given = settings()
    require_extra("mcp")
    from newslake.pipeline.agents.server import serve

    print_note("newslake mcp waits for a client on standard input; Ctrl-D ends it")
    serve(given)
