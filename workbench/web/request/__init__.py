"""Requests: parameters, ids, edits and a view's state, read and written back into links."""
