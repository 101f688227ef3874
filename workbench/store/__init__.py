"""Tables, queries and artifact files. Knows SQLAlchemy and the disk, nothing of HTTP or torch."""
