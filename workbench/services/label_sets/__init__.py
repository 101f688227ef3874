"""Label sets: the labels of a collection as they stood at one moment, frozen and numbered."""
