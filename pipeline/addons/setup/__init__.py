"""The add-on setup: new projects, and sources that are found and checked."""
