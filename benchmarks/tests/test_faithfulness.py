"""The faithfulness benchmark, on an encoder whose logit is known to be a sum over patches."""

from __future__ import annotations

import numpy as np
import torch

from benchmarks.faithfulness import METRICS, RIVALS, Effort, Subject, judge, measure, together
from tests.support.fake_encoder import COLUMNS, ROWS, SIDE, FakeEncoder
from workbench.analysis.encoders.protocol import Penultimate

PATCHES = ROWS * COLUMNS
WEIGHT = torch.tensor([2.0, -1.0, 0.5, 0.0, 0.0, 0.0])
"""Of the patches' mean colour alone, in which the encoder is linear."""


def logit(state: Penultimate) -> torch.Tensor:
    return state.embedding[:, : len(WEIGHT)] @ WEIGHT


def subject(images: int) -> Subject:
    """Random mosaics; `default` is the exact share of each patch over the mean colour."""
    generator = torch.Generator().manual_seed(0)
    patches = torch.rand(images, 3, ROWS, COLUMNS, generator=generator)
    pixels = patches.repeat_interleave(SIDE // ROWS, 2).repeat_interleave(SIDE // COLUMNS, 3)
    above_mean = (patches - patches.mean(dim=(2, 3), keepdim=True)).flatten(2)
    share = torch.einsum("icp,c->ip", above_mean, WEIGHT[:3]) / PATCHES
    side = torch.where(torch.arange(images) % 2 == 0, 1.0, -1.0)
    rivals = {name: torch.randn(images, PATCHES, generator=generator) for name in RIVALS}
    return Subject(pixels, side, {"default": side[:, None] * share, **rivals})


def test_exact_shares_win_every_comparison() -> None:
    explained = subject(4)

    found = measure(FakeEncoder(), {"score": logit}, explained, Effort(steps=4, subsets=10))

    values = found["score"]
    assert set(values) == set(METRICS)
    np.testing.assert_allclose(values["mu_fidelity"]["default"], 1, atol=1e-4)
    verdict = judge(values, np.array(["a", "b", "c", "d"]))
    assert (verdict.wins, verdict.comparisons) == (12, 12)
    assert verdict.leads["deletion"]["random"][1] > 0


def test_curves_are_those_of_images_masked_one_by_one() -> None:
    explained = subject(2)
    encoder = FakeEncoder()

    values = measure(encoder, {"score": logit}, explained, Effort(steps=2, subsets=3))["score"]

    for image, pixels in enumerate(explained.pixels):
        order = explained.maps["random"][image].argsort(descending=True).tolist()
        scores = []
        for gone in (0, round(PATCHES / 2), PATCHES):
            masked = pixels.clone()
            for patch in order[:gone]:
                row, column = divmod(patch, COLUMNS)
                square = (
                    slice(None),
                    slice(row * SIDE // ROWS, (row + 1) * SIDE // ROWS),
                    slice(column * SIDE // COLUMNS, (column + 1) * SIDE // COLUMNS),
                )
                masked[square] = pixels.mean(dim=(1, 2))[:, None, None]
            scores.append(float(explained.side[image] * logit(encoder.encode(masked[None]))))
        area = (scores[0] + scores[1]) / 4 + (scores[1] + scores[2]) / 4
        assert abs(values["deletion"]["random"][image] + area) < 1e-4


def test_an_images_figures_do_not_depend_on_the_others() -> None:
    both = subject(2)
    alone = Subject(
        both.pixels[1:], both.side[1:], {name: each[1:] for name, each in both.maps.items()}
    )
    effort = Effort(steps=3, subsets=5)

    of_both, of_one = (
        measure(FakeEncoder(), {"score": logit}, each, effort)["score"] for each in (both, alone)
    )

    for metric in METRICS:
        np.testing.assert_allclose(
            of_both[metric]["centre"][1], of_one[metric]["centre"][0], atol=1e-5
        )


def test_a_lead_that_is_not_clear_of_zero_is_no_win() -> None:
    even = {name: np.array([0.0, 0.0]) for name in ("default", *RIVALS)}
    split = even | {"default": np.array([1.0, -1.0])}

    verdict = judge(
        {"deletion": split, "insertion": even, "mu_fidelity": even}, np.array(["a", "b"])
    )

    assert (verdict.wins, verdict.comparisons) == (0, 12)


def test_sets_are_put_one_after_the_other() -> None:
    one = {"deletion": {"default": np.array([1.0])}}
    other = {"deletion": {"default": np.array([2.0, 3.0])}}

    values, group = together([(one, np.array(["a"])), (other, np.array(["b", "b"]))])

    assert values["deletion"]["default"].tolist() == [1, 2, 3]
    assert group.tolist() == ["a", "b", "b"]
