"""The add-on agents: the tools of an MCP server."""

from newslake.pipeline.hooks import AddonInfo, Command, implementation


@implementation
def addon_info() -> AddonInfo:
    """Return what the add-on is."""
    return AddonInfo("agents", "Agents", needs=("search",), extra="mcp")


@implementation
def commands() -> list[Command]:
    """Return the commands of the add-on."""
    return [
        Command(
            "mcp",
            "newslake.pipeline.agents.commands:mcp",
            "Serve the tables to an agent over MCP, on standard input and output.",
        ),
    ]
