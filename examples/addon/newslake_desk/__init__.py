"""The desk: how many articles each source published on a day, as a command, a page and a kind of alert."""
