"""The add-on newsroom: pages for readers, their queries and templates, and the ASGI app."""
