"""Alerts: the states and rows that rules report, messages about them, their delivery, and Atom files."""
