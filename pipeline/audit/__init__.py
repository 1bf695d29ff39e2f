"""Audits: how often the rows of a table are right, and shares corrected for their errors."""
