"""How long tests wait for what they wait for."""

PATIENCE_S = 300
"""Ends the wait for what will never come.

What comes may take minutes on a machine that is busy with other things, and is not waited for
longer than it takes.
"""

PATIENCE_MS = 1000 * PATIENCE_S
