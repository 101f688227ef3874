"""What a run does, in order: encode, train, score, lay out, find patterns, clean up."""
