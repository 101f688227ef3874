"""What people did in a collection: by day, person and tag; what is covered, and what is left."""
