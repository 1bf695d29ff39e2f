"""Full-text search: an index of the words of all articles (SQLite FTS5), its updates, and the search itself."""
