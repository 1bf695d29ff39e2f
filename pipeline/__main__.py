"""`python -m pipeline` is `newslake`."""

from pipeline.cli import main

main()
