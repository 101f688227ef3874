"""What people would have left: a taxonomy, tags, verdicts, counterfactual notes."""

from __future__ import annotations

import json

import numpy as np
from numpy.typing import NDArray

from benchmarks.web.filling.bulk import insert
from benchmarks.web.filling.made_up import DIMENSIONS, GROUPS_AN_IMAGE, PATTERNS
from benchmarks.web.filling.writing import MOMENT, Filling
from workbench.store.judgements import DECISIONS, CounterfactualNote, Tag, Tagging, Verdict
from workbench.store.outcomes import are_wrong

TAGS = 5000
TAGGINGS = 20_000
VERDICTS = 50_000
NOTES = 300


def write_judgements(filling: Filling) -> None:
    """A taxonomy, tags on patterns and pixel groups, verdicts, counterfactual notes."""
    random = np.random.default_rng([filling.seed, 6])
    people = np.array(filling.ids.people)
    names = [f"made-up tag {number:04}" for number in range(TAGS)]
    insert(
        filling.bulk,
        Tag.__table__,
        {
            "id": list(range(1, TAGS + 1)),
            "name": names,
            "folded_name": names,
            "created_by_id": random.choice(people, TAGS).tolist(),
            "created_at": MOMENT,
        },
    )
    on_patterns = PATTERNS * 3 // 2
    # Of one tag on one thing at most one stands: pairs are drawn without replacement.
    pattern_tags, patterns = _pairs(random, PATTERNS, on_patterns)
    group_tags, groups = _pairs(random, filling.count * GROUPS_AN_IMAGE, TAGGINGS - on_patterns)
    insert(
        filling.bulk,
        Tagging.__table__,
        {
            "id": list(range(1, TAGGINGS + 1)),
            "tag_id": pattern_tags + group_tags,
            "pattern_id": patterns + [None] * len(groups),
            # Each pixel group has a region of its own, of the same number.
            "region_id": [None] * len(patterns) + groups,
            "user_id": random.choice(people, TAGGINGS).tolist(),
            "created_at": MOMENT,
        },
    )
    _write_verdicts(filling, people, random)
    _write_notes(filling, people, random)


def _pairs(random: np.random.Generator, things: int, count: int) -> tuple[list[int], list[int]]:
    """So many different pairs of a tag and one of these things, each by its number from 1."""
    drawn = random.choice(TAGS * things, count, replace=False)
    return (drawn % TAGS + 1).tolist(), (drawn // TAGS + 1).tolist()


def _write_verdicts(
    filling: Filling, people: NDArray[np.int64], random: np.random.Generator
) -> None:
    """Most of them on images that the model gets wrong."""
    wrong = np.flatnonzero(are_wrong(filling.made.outcome)) + 1
    on_wrong = random.random(VERDICTS) < 0.8
    judged = np.where(
        on_wrong & (len(wrong) > 0),
        random.choice(wrong if len(wrong) else np.ones(1), VERDICTS),
        random.integers(1, filling.count + 1, VERDICTS),
    ).astype(int)
    withdrawn = random.random(VERDICTS) < 0.1
    insert(
        filling.bulk,
        Verdict.__table__,
        {
            "id": list(range(1, VERDICTS + 1)),
            "image_id": judged.tolist(),
            "version_id": filling.ids.version,
            "user_id": random.choice(people, VERDICTS).tolist(),
            "shown_label": np.where(filling.made.fake[judged - 1], "fake", "real").tolist(),
            "shown_p": filling.made.p[judged - 1].tolist(),
            "decision": random.choice(DECISIONS, VERDICTS, p=(0.4, 0.35, 0.2, 0.05)).tolist(),
            "reason": "Made up.",
            "folded_reason": "made up.",
            "created_at": MOMENT,
            "withdrawn_at": [MOMENT if each else None for each in withdrawn],
        },
    )


def _write_notes(filling: Filling, people: NDArray[np.int64], random: np.random.Generator) -> None:
    dimension = random.integers(0, DIMENSIONS, NOTES).tolist()
    insert(
        filling.bulk,
        CounterfactualNote.__table__,
        {
            "id": list(range(1, NOTES + 1)),
            "image_id": random.integers(1, filling.count + 1, NOTES).tolist(),
            "version_id": filling.ids.version,
            "user_id": random.choice(people, NOTES).tolist(),
            "edit": [
                json.dumps(
                    {
                        "kind": "dimension",
                        "label": f"dimension {each} set to 0",
                        "dimension": each,
                    }
                )
                for each in dimension
            ],
            "p_before": 0.7,
            "p_after": 0.4,
            "delta_logit": -1.3,
            "expectation": random.choice(("fall", "rise", "stay"), NOTES).tolist(),
            "text": "Made up.",
            "folded_text": "made up.",
            "created_at": MOMENT,
        },
    )
