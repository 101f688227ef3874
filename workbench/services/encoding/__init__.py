"""Encode images: embeddings, tokens and superpixels, in shards, with the encoder and its cache."""
