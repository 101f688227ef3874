"""Run torch on one thread for the small matrices of a training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch on one thread: on matrices this small, several only wait for each other.

    Beside one other busy process, two threads took 6 to 46 s for a fit that one does in 0.2 s.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
