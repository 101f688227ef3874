"""The column store of a version: what pages filter, order and count by, mapped into memory."""
