"""Events: triggers, participants, time and place, and modality."""
