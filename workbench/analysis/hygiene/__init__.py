"""What makes a set of images unfit to learn from: duplicates, shortcuts, label errors, slices."""
