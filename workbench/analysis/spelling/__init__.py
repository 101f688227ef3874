"""Forget-to-spell: images with words on them, and a projection that overlooks the words."""
