"""The interfaces of a store: what jobs and questions need of it, in one machine's files or on services."""
