"""Views of many images: filters, grid, cards, patterns, dimensions, queue."""
