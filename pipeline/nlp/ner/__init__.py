"""Where names stand, and what kind of thing each names."""
