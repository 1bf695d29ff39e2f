"""One invented newsroom: the demo, the golden tests and the quality floors all use it."""
