"""How far people agree: figures of agreement with intervals, as arrays in and numbers out."""
