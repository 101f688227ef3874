"""Pages: one blueprint a page."""
