"""What numba compiles for a layout is compiled once, and read by every later process."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np

from workbench.analysis.layout.compiled import COSTLY, kept
from workbench.analysis.layout.umap import lay_out
from workbench.config import PROJECT_ROOT

LAID_OUT = """
import json
import numpy as np
from workbench.analysis.layout.compiled import kept
from workbench.analysis.layout.umap import lay_out
lay_out(np.random.default_rng(0).normal(size=(30, 4)), seed=0)
print(json.dumps([[sum(each.stats.cache_misses.values()) for each in kept()],
                  [sum(each.stats.cache_hits.values()) for each in kept()]]))
"""


def test_this_umap_learn_has_all_functions_that_are_costly_to_compile() -> None:
    assert [each.py_func.__name__.removeprefix("_optimize") for each in kept()] == [
        name.removeprefix("_nb_optimize") for _module, name in COSTLY
    ]


def test_a_second_process_compiles_nothing_of_them() -> None:
    lay_out(np.random.default_rng(0).normal(size=(30, 4)), seed=0)

    second = subprocess.run(
        [sys.executable, "-c", LAID_OUT],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    missed, hit = json.loads(second.stdout)
    assert not any(missed)
    assert sum(hit) >= 4
