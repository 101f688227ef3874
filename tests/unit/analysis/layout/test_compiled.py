"""What numba compiles for a layout is compiled once, and read by every later process."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np

from workbench.analysis.layout.compiled import COSTLY, kept
from workbench.analysis.layout.umap import lay_out
from workbench.config import PROJECT_ROOT

LAID_OUT = """
import json
import numpy as np
import torch
from workbench.analysis.layout.compiled import kept
from workbench.analysis.layout.umap import lay_out
lay_out(np.random.default_rng(0).normal(size=(30, 4)), seed=0)
print(json.dumps([[sum(each.stats.cache_misses.values()) for each in kept()],
                  [sum(each.stats.cache_hits.values()) for each in kept()],
                  torch.get_num_threads()]))
"""


def test_this_umap_learn_has_all_functions_that_are_costly_to_compile() -> None:
    assert [each.py_func.__name__.removeprefix("_optimize") for each in kept()] == [
        name.removeprefix("_nb_optimize") for _module, name in COSTLY
    ]


def test_a_second_process_compiles_nothing_of_them_and_keeps_its_limit_of_threads() -> None:
    lay_out(np.random.default_rng(0).normal(size=(30, 4)), seed=0)

    second = subprocess.run(
        [sys.executable, "-c", LAID_OUT],
        cwd=PROJECT_ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )

    missed, hit, threads = json.loads(second.stdout)
    assert not any(missed)
    assert sum(hit) >= 4
    assert threads == 1
