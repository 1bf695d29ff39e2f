"""`python -m newslake` is `newslake`."""

from newslake.pipeline.cli import main

main()
