"""Tools for agents: search, saved questions, SQL, articles and provenance, served over MCP (stdio).

Only ``server`` imports the SDK of MCP; the tools are plain functions from arguments to answers.
"""
