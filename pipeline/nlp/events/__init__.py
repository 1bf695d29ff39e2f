"""Events: triggers, participants, time and place, and whether they happened."""
