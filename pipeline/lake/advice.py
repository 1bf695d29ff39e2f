"""What to do about a damaged lake, in the words of every message that says so."""

RECOVER = "run `newslake lake recover`"
REMOVE = "run `newslake lake recover --withdraw`"
REDERIVE = f"put it back from a copy, or {REMOVE}, then `newslake run`, which derives the day again"
RESTAGE = f"{REMOVE}, then `newslake run`, which derives what of it is not committed"
