"""The taxonomy: its tags in a tree, what bears them, and changes that can be reversed."""
