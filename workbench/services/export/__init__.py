"""Views as picture files."""
