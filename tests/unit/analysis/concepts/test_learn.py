"""A dictionary finds what patches have in common, and keeps it when it is learned again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torch.nn import functional

from workbench.analysis.concepts.dictionary import ConceptDictionary
from workbench.analysis.concepts.learn import learn

KINDS = 5


def planted(
    patches: int = 400, *, kinds: int = KINDS, seed: int = 0, noise: float = 0.15
) -> tuple[Tensor, Tensor]:
    """Patches around directions far from each other, at any length, off the origin; their kinds."""
    random = torch.Generator().manual_seed(seed)
    kind = torch.arange(patches) % kinds
    directions = torch.eye(12)[:kinds]
    length = torch.rand(patches, 1, generator=random) + 0.5
    tokens = directions[kind] + noise * torch.randn(patches, 12, generator=random)
    return tokens * length + 3.0, kind


def shares_of(dictionary: ConceptDictionary, tokens: Tensor) -> Tensor:
    return dictionary.assign(tokens[None])[0]


def nearest(dictionary: ConceptDictionary, tokens: Tensor) -> np.ndarray:
    found: np.ndarray = shares_of(dictionary, tokens).argmax(dim=0).numpy()
    return found


def assert_sound(dictionary: ConceptDictionary, tokens: Tensor) -> None:
    """Shares are defined, and directions have norm 1 or 0."""
    shares = shares_of(dictionary, tokens)
    torch.testing.assert_close(shares.sum(dim=0), torch.ones(len(tokens)))
    norms = dictionary.centres.norm(dim=1)
    assert bool((((norms - 1).abs() < 1e-4) | (norms < 1e-4)).all())
    assert dictionary.temperature > 0


# Learned from scratch


def test_what_patches_have_in_common_is_found() -> None:
    tokens, kind = planted()

    learned = learn(tokens, concepts=KINDS, seed=0)

    table = np.zeros((KINDS, KINDS))
    np.add.at(table, (kind.numpy(), nearest(learned.dictionary, tokens)), 1)
    rows, columns = linear_sum_assignment(-table)
    assert table[rows, columns].sum() >= 0.98 * len(tokens)
    assert shares_of(learned.dictionary, tokens).amax(dim=0).mean() > 0.9
    assert_sound(learned.dictionary, tokens)


def test_everything_is_new_in_a_first_dictionary() -> None:
    assert learn(planted()[0], concepts=3, seed=0).born.tolist() == [0, 1, 2]


def test_the_same_patches_and_seed_make_the_same_dictionary() -> None:
    tokens, _ = planted()

    one, other = (learn(tokens, concepts=KINDS, seed=7).dictionary for _ in range(2))

    assert torch.equal(one.centres, other.centres)
    assert torch.equal(one.mean, other.mean)
    assert one.temperature == other.temperature


def test_the_random_state_of_the_process_is_neither_read_nor_moved() -> None:
    tokens, _ = planted(60)
    torch.manual_seed(1)
    before = torch.get_rng_state()
    one = learn(tokens, concepts=3, seed=0).dictionary
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)

    other = learn(tokens, concepts=3, seed=0).dictionary

    assert torch.equal(one.centres, other.centres)


def test_tokens_are_not_changed() -> None:
    tokens, _ = planted(60)
    before = tokens.clone()

    parent = learn(tokens, concepts=3, seed=0).dictionary
    centres = parent.centres.clone()
    learn(tokens + 1, concepts=3, seed=0, parent=parent)

    assert torch.equal(tokens, before)
    assert torch.equal(parent.centres, centres)


@settings(max_examples=20)
@given(
    patches=st.integers(1, 12),
    different=st.integers(1, 4),
    concepts=st.integers(1, 9),
    seed=st.integers(0, 99),
    again=st.booleans(),
)
def test_however_few_patches_and_however_alike_there_is_a_dictionary(
    patches: int, different: int, concepts: int, seed: int, again: bool
) -> None:
    random = torch.Generator().manual_seed(seed)
    tokens = torch.randn(different, 5, generator=random)[torch.arange(patches) % different]

    learned = learn(tokens, concepts=concepts, seed=seed)
    if again:
        learned = learn(tokens, concepts=concepts, seed=seed, parent=learned.dictionary)

    assert learned.dictionary.centres.shape == (concepts, 5)
    assert_sound(learned.dictionary, tokens)


def test_concepts_beyond_the_different_patches_are_the_same_and_share_evenly() -> None:
    tokens = torch.eye(3).repeat(20, 1)

    dictionary = learn(tokens, concepts=6, seed=0).dictionary

    cosine = dictionary.centres @ dictionary.centres.T
    assert len(torch.unique((cosine > 0.999).float(), dim=0)) == 3
    for patch in shares_of(dictionary, tokens)[:, :3].T:
        taken = patch[patch > 0.01]
        torch.testing.assert_close(taken, torch.full_like(taken, 1 / len(taken)), atol=1e-2, rtol=0)


def test_patches_that_are_all_alike_are_shared_evenly() -> None:
    tokens = torch.full((30, 4), 2.5)

    learned = learn(tokens, concepts=3, seed=0)

    torch.testing.assert_close(
        shares_of(learned.dictionary, tokens), torch.full((3, 30), 1 / 3), atol=1e-3, rtol=0
    )


def test_one_patch_is_enough() -> None:
    learned = learn(torch.tensor([[1.0, 2.0]]), concepts=2, seed=0)

    assert_sound(learned.dictionary, torch.tensor([[1.0, 2.0], [0.0, 5.0]]))


@pytest.mark.parametrize(("patches", "concepts"), [(0, 3), (4, 0), (4, -1)])
def test_no_patch_or_no_concept_is_refused(patches: int, concepts: int) -> None:
    with pytest.raises(ValueError, match="a patch and a concept at least"):
        learn(torch.ones(patches, 3), concepts=concepts, seed=0)


# Learned again, from a parent


def test_a_concept_keeps_its_number_on_other_patches_of_the_same_kinds() -> None:
    parent = learn(planted()[0], concepts=KINDS, seed=0).dictionary
    others, _ = planted(300, seed=5)

    learned = learn(others, concepts=KINDS, seed=99, parent=parent)

    same = functional.cosine_similarity(learned.dictionary.centres, parent.centres)
    assert float(same.min()) > 0.98
    assert (nearest(learned.dictionary, others) == nearest(parent, others)).mean() > 0.98
    assert not len(learned.born)


def test_directions_are_measured_from_where_the_parents_were() -> None:
    parent = learn(planted()[0], concepts=KINDS, seed=0).dictionary

    found = learn(planted(seed=2)[0] + 0.1, concepts=KINDS, seed=0, parent=parent).dictionary

    assert torch.equal(found.mean, parent.mean)
    assert found.temperature == parent.temperature


def test_a_concept_that_nothing_shows_any_more_is_replaced_and_named() -> None:
    tokens, kind = planted(500)
    parent = learn(tokens, concepts=KINDS, seed=0).dictionary
    lost = nearest(parent, tokens)[kind == 1][0]
    # In place of the second kind there is one that the parent has never seen.
    random = torch.Generator().manual_seed(9)
    strange = torch.eye(12)[9] + 0.15 * torch.randn(100, 12, generator=random) + 3.0
    present = torch.cat([tokens[kind != 1], strange])

    learned = learn(present, concepts=KINDS, seed=0, parent=parent)

    assert learned.born.tolist() == [lost]
    kept = np.flatnonzero(np.arange(KINDS) != lost)
    same = functional.cosine_similarity(learned.dictionary.centres[kept], parent.centres[kept])
    assert float(same.min()) > 0.95
    assert (nearest(learned.dictionary, strange) == lost).mean() > 0.95


def test_a_concept_whose_patches_are_gone_does_not_pass_for_another_under_its_old_number() -> None:
    tokens, kind = planted(500)
    parent = learn(tokens, concepts=KINDS, seed=0).dictionary
    lost = nearest(parent, tokens)[kind == 1][0]

    learned = learn(tokens[kind != 1], concepts=KINDS, seed=0, parent=parent)

    assert learned.born.tolist() == [lost]
    kept = np.flatnonzero(np.arange(KINDS) != lost)
    same = functional.cosine_similarity(learned.dictionary.centres[kept], parent.centres[kept])
    assert float(same.min()) > 0.9


def test_several_concepts_that_die_at_once_do_not_become_the_same() -> None:
    tokens, kind = planted(600)
    parent = learn(tokens, concepts=KINDS, seed=0).dictionary
    random = torch.Generator().manual_seed(9)
    new = torch.eye(12)[8:10].repeat(150, 1)
    strange = new + 0.15 * torch.randn(300, 12, generator=random) + 3.0
    present = torch.cat([tokens[(kind != 1) & (kind != 2)], strange])

    for seed in range(5):
        learned = learn(present, concepts=KINDS, seed=seed, parent=parent)

        assert len(learned.born) == 2
        one, other = learned.dictionary.centres[torch.from_numpy(learned.born)]
        assert float(one @ other) < 0.5


def test_a_parent_of_another_size_is_no_start() -> None:
    tokens, _ = planted()
    parent = learn(tokens, concepts=KINDS, seed=0).dictionary
    narrow = replace(parent, mean=torch.zeros(3), centres=torch.eye(5)[:, :3])
    for other, concepts in ((parent, KINDS + 1), (narrow, KINDS)):
        learned = learn(tokens, concepts=concepts, seed=0, parent=other)

        afresh = learn(tokens, concepts=concepts, seed=0)
        assert torch.equal(learned.dictionary.centres, afresh.dictionary.centres)
        assert learned.born.tolist() == list(range(concepts))


def test_a_parent_that_could_learn_nothing_is_learned_afresh_and_all_is_new() -> None:
    parent = learn(torch.full((30, 12), 2.5), concepts=KINDS, seed=0).dictionary
    tokens, kind = planted()

    learned = learn(tokens, concepts=KINDS, seed=0, parent=parent)

    assert learned.born.tolist() == list(range(KINDS))
    found = nearest(learned.dictionary, tokens)
    assert len({(int(a), int(b)) for a, b in zip(kind, found, strict=True)}) == KINDS
