"""Tools for agents: saved questions, SQL, articles and provenance, served over MCP on standard input and output.

Only ``server`` imports the SDK of MCP; the tools are plain functions from arguments to answers.
"""
