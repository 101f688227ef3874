"""Numbers in, geometry out: pure functions that templates draw as SVG."""
