"""What was said, and by whom."""
