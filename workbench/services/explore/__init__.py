"""Views of many images: columns, filters, grid, cards, patterns, dimensions, taxonomy, queue."""
