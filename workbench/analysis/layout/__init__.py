"""Layout of a collection: UMAP coordinates and the cells over them."""
