"""Whether a collection can be believed: what a check finds in it, and what can be done about it."""
