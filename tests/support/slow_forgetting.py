"""The forget-to-spell loss from the paper, one number at a time, of a W with all its zeros."""

from __future__ import annotations

import math

from torch import Tensor

from workbench.analysis.spelling.loss import Batch, Strengths


def slow_projected(weight: Tensor, x: Tensor, columns: slice) -> list[list[float]]:
    indices = range(*columns.indices(weight.shape[1]))
    rows = []
    for row in range(len(x)):
        v = [
            sum(float(weight[d, f]) * float(x[row, c]) for c, f in enumerate(indices))
            for d in range(len(weight))
        ]
        length = math.sqrt(sum(each * each for each in v))
        rows.append([each / length for each in v])
    return rows


def slow_pair(first: list[list[float]], second: list[list[float]]) -> float:
    """The mean over rows of -log of the partner's softmax, each way round."""
    total = 0.0
    for here, there in ((first, second), (second, first)):
        for row, v in enumerate(here):
            cosine = [sum(a * b for a, b in zip(v, u, strict=True)) for u in there]
            total += math.log(sum(math.exp(c) for c in cosine)) - cosine[row]
    return total / (2 * len(first))


def slow_loss(weight: Tensor, batch: Batch, strengths: Strengths) -> float:
    everything = slice(0, weight.shape[1])
    i, t, ti = (
        slow_projected(weight, x, everything) for x in (batch.image, batch.word, batch.both)
    )
    loss = strengths.both_image * slow_pair(ti, i) + strengths.both_drawn * slow_pair(ti, t)
    if batch.joint_slice is not None and batch.content_text is not None:
        assert batch.word_text is not None
        c = batch.joint_slice
        i, t, ti = (
            slow_projected(weight, x[:, c], c) for x in (batch.image, batch.word, batch.both)
        )
        txt_i = slow_projected(weight, batch.content_text, c)
        txt_t = slow_projected(weight, batch.word_text, c)
        loss += strengths.image_content * slow_pair(i, txt_i)
        loss += strengths.word_word * slow_pair(t, txt_t)
        loss += strengths.both_content * slow_pair(ti, txt_i)
        loss += strengths.both_word * slow_pair(ti, txt_t)
    square = 0.0
    for a in range(len(weight)):
        for b in range(len(weight)):
            product = sum(float(weight[a, f] * weight[b, f]) for f in range(weight.shape[1]))
            square += ((a == b) - product) ** 2
    return loss + strengths.orthogonality * math.sqrt(square)
