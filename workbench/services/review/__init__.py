"""What people decide and write: verdicts, decisions, tags, tag checks, notes."""
