"""Query the lake: its tables as SQL views, read-only SQL, saved questions with charts, translations of SQL."""
