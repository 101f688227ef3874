"""Imports asked for on pages: a folder or an upload, its options, and the job in the worker."""
