"""The probe of written words."""

from __future__ import annotations

import jaxtyping
import numpy as np
import torch

with jaxtyping.install_import_hook("benchmarks.spelling_probe", "beartype.beartype"):
    from benchmarks.spelling_probe import spelling_accuracy


def test_a_probe_reads_what_is_there_and_guesses_where_nothing_is() -> None:
    generator = np.random.default_rng(0)
    word = generator.integers(4, size=400)
    signal = torch.eye(4)[word] + 0.1 * torch.from_numpy(generator.normal(size=(400, 4))).float()
    noise = torch.from_numpy(generator.normal(size=(400, 4))).float()

    assert spelling_accuracy(signal[:200], word[:200], signal[200:], word[200:]) > 0.95
    assert spelling_accuracy(noise[:200], word[:200], noise[200:], word[200:]) < 0.4
