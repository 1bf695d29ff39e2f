"""What happened: triggers, who did it to whom, when and where, and whether it happened at all."""
