"""The Pattern Workbench: find, name and judge the patterns that give AI-made images away."""
