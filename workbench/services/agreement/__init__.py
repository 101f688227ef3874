"""How far people agree on the images of a collection, and which images split them."""
