"""The people who use a workbench: their accounts as an admin sees them, and how they come in."""
