"""An invented newsroom for the demo, the golden tests and the quality floors."""
