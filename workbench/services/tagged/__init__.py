"""What bears a tag under a version: pixel groups, patterns, images."""
