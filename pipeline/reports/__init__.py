"""What a person asks of archive and lake: provenance, coverage, history, plans, health. Reports read; jobs write."""
