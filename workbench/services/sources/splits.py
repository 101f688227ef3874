"""Words for the parts of a split, in folders' names and in manifests."""

from __future__ import annotations

from typing import Final

SPLITS: Final = {
    "held_out": True,
    "held-out": True,
    "heldout": True,
    "holdout": True,
    "test": True,
    "testing": True,
    "train": False,
    "training": False,
    # Choosing a model on a validation part is a use in training.
    "val": False,
    "valid": False,
    "validation": False,
    "dev": False,
}
"""Whether images of the part are held out."""
