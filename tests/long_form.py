"""Whether tests run in their long form, and their seeds; `make nightly` sets both."""

import os

LONG = bool(os.environ.get("NEWSLAKE_LONG"))


def seed_or(default: int) -> int:
    """Return NEWSLAKE_SEED, or a test's own seed if it is not set."""
    return int(os.environ.get("NEWSLAKE_SEED", default))
