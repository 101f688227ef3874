"""Compile what numba compiles for a layout, once for this environment instead of in its first run.

Kept beside the packages (`Settings.set_up_numba`); read from there, nothing is compiled here again.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from workbench.analysis.layout.umap import lay_out

if __name__ == "__main__":
    lay_out(np.random.default_rng(0).normal(size=(30, 4)), seed=0)
