"""Tables, sessions, migrations and artifact files. SQLAlchemy and the disk, no HTTP, no torch."""
