"""What a person asks about archive and lake: provenance, coverage, history, plans, health. Reports only read."""
