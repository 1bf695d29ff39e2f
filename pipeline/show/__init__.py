"""Web pages, rendered from values, without requests to other servers; only the sheet of an audit has a script."""
