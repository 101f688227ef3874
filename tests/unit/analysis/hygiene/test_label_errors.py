"""Labels that scores contradict are found, and no others."""

from __future__ import annotations

import numpy as np

from workbench.analysis.hygiene.label_errors import likely_label_errors


def test_turned_labels_are_found_surest_first() -> None:
    random = np.random.default_rng(0)
    fake = np.arange(400) % 2 == 1
    p = np.where(fake, random.uniform(0.7, 0.95, 400), random.uniform(0.05, 0.3, 400))
    given = fake.copy()
    turned = [3, 10, 77, 200]
    given[turned] = ~given[turned]
    p[77] = 0.999

    found = likely_label_errors(given, p)

    assert set(found) <= set(turned)
    assert len(found) >= 2
    assert found[0] == 77


def test_a_model_that_is_unsure_of_everything_accuses_nobody() -> None:
    random = np.random.default_rng(1)
    fake = np.arange(400) % 2 == 1
    p = np.where(fake, random.uniform(0.45, 0.6, 400), random.uniform(0.4, 0.55, 400))

    errors = likely_label_errors(fake, p)

    assert not np.isin(np.flatnonzero(fake == (p > 0.5)), errors).any()


def test_one_label_alone_contradicts_nothing() -> None:
    assert len(likely_label_errors(np.ones(5, bool), np.full(5, 0.1))) == 0
