"""Training: the frozen dataset, its folds, the projection, and a distiller on them."""
