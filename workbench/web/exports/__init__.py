"""Views and reports as files to download."""
