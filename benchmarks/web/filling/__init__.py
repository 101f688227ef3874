"""Filling a workbench with a made-up analysed collection, by the rows that an analysis writes."""
