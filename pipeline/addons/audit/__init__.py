"""Audits: how often the rows of the tables are right, judged by readers on a random sample."""
