"""Upkeep: takedowns, verification, repair, compaction, and the checks of `newslake doctor`."""
