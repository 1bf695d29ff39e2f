"""Numbers of things, in words."""


def pluralize(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number of things as a person writes it: "1 day", "1,200 days", "2 addresses"."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"
