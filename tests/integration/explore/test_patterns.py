"""Patterns: ranked, with their members, the cells they lie in and the images they mislead."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import stdtrit
from sqlalchemy import String, cast, func, select, update

from tests.support.choosing import chosen
from tests.support.fake_encoder import FakeEncoder
from tests.support.scored import logits_of_edits
from tests.support.working import EFFECT_IMAGES
from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.analysis.regions.counterfactual import MEASURING_FILL, random_regions, remove_region
from workbench.analysis.regions.patterns import effect_agreement
from workbench.analysis.regions.pixel_groups import decode_mask
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.columns.store import forget_columns
from workbench.services.encoding.pixels import read_copy
from workbench.services.errors import InvalidError, NotFoundError
from workbench.services.explore.grid import overview
from workbench.services.explore.listing import images
from workbench.services.explore.patterns import (
    EXEMPLARS,
    ORDERS,
    PatternRow,
    pattern,
    patterns,
    summary,
)
from workbench.services.pipeline.pattern_effects import CONTROLS, one_an_image
from workbench.services.review import tags
from workbench.services.workspaces import Workspace, workspace
from workbench.store.database import session, transaction
from workbench.store.images import Image
from workbench.store.results import Pattern, PixelGroup, Prediction

pytestmark = pytest.mark.analysed


def members_of(pattern_id: int) -> list[PixelGroup]:
    return list(
        session().scalars(
            select(PixelGroup)
            .where(PixelGroup.pattern_id == pattern_id)
            .order_by(PixelGroup.typicality, PixelGroup.id)
        )
    )


@pytest.fixture
def found(version_id: int) -> tuple[PatternRow, ...]:
    rows = patterns(chosen(version_id))
    assert len(rows) > 1
    return rows


def test_a_patterns_figures_are_those_of_its_members(
    analysed: Workspace, found: tuple[PatternRow, ...]
) -> None:
    for row in found:
        members = members_of(row.id)
        contributions = [each.contribution for each in members]
        assert row.groups == len(members)
        assert row.images == len({each.image_id for each in members})
        assert row.mean_contribution == pytest.approx(
            sum(contributions) / len(contributions), abs=1e-3
        )
        assert sum(row.profile) == pytest.approx(row.mean_contribution, abs=1e-3)
        assert all((each > 0) == (row.side == "fake") for each in contributions)


def test_shares_and_lifts_lie_where_they_can(found: tuple[PatternRow, ...]) -> None:
    for row in found:
        assert row.prevalence_real is not None
        assert row.prevalence_fake is not None
        for share in (row.prevalence_real, row.prevalence_fake):
            assert 0 <= share.low <= share.value <= share.high <= 1
            assert share.low < share.high
        assert row.prevalence_real.value + row.prevalence_fake.value > 0
        assert row.contribution_std >= 0
        assert row.lift is not None
        assert 0 <= row.lift.low <= row.lift.value <= row.lift.high
        assert row.lift.low < row.lift.high
        assert row.effect is not None
        assert row.effect_control is not None
        assert row.effect_images == min(row.images, EFFECT_IMAGES)
        assert row.stability is not None
        assert 0 <= row.stability <= 1


def test_what_is_known_of_the_patterns_as_a_whole_is_kept_with_the_version(
    version_id: int, found: tuple[PatternRow, ...]
) -> None:
    known = summary(version_id)

    claimed = np.array([row.mean_contribution for row in found])
    measured = np.array([row.effect for row in found])
    agreement = effect_agreement(claimed, measured)
    assert known.effect_rank_correlation == (agreement and pytest.approx(agreement))
    assert known.stability is not None
    assert -1 <= known.stability <= 1


def test_an_effect_is_that_of_removing_groups_of_different_images(
    version_id: int, found: tuple[PatternRow, ...], settings: Settings, encoder: FakeEncoder
) -> None:
    row = found[0]
    members = sorted(members_of(row.id), key=lambda each: each.id)
    image_ids = np.array([each.image_id for each in members])
    chosen = [
        members[place]
        for place in one_an_image(image_ids, EFFECT_IMAGES, seed=settings.seed + row.number)
    ]
    beyond = []
    for place, each in enumerate(sorted(chosen, key=lambda one: one.id)):
        pixels = read_copy(settings.image_dir, each.image.pixel_hash)
        mask = decode_mask(each.region.rle, NORMAL_SIZE)
        regions = [mask, *random_regions(mask, CONTROLS, seed=settings.seed + place)]
        edited = [remove_region(pixels, region, MEASURING_FILL) for region in regions]
        removed, *controls = logits_of_edits(version_id, each.image_id, edited, encoder, settings)
        beyond.append(removed - np.mean(controls))

    assert len({each.image_id for each in chosen}) == len(chosen)
    assert row.effect == pytest.approx(np.mean(beyond), abs=1e-4)
    assert row.effect_low is not None
    assert row.effect_high is not None
    reach = stdtrit(len(beyond) - 1, 0.975) * np.std(beyond, ddof=1) / np.sqrt(len(beyond))
    assert row.effect_high - row.effect_low == pytest.approx(2 * reach, abs=1e-3)


def test_prevalence_is_the_share_of_a_labels_images(
    analysed: Workspace, version_id: int, found: tuple[PatternRow, ...]
) -> None:
    for row in found:
        of_fake = chosen(version_id, pattern_id=row.id, label="fake").total
        assert row.prevalence_fake is not None
        assert row.prevalence_fake.value == pytest.approx(of_fake / analysed.collection.fake)


def test_what_is_rough_pushes_toward_fake_and_more_than_random_edits_do(
    found: tuple[PatternRow, ...],
) -> None:
    strongest = found[0]

    assert strongest.side == "fake"
    assert strongest.prevalence_fake is not None
    assert strongest.prevalence_real is not None
    assert strongest.prevalence_fake.value > strongest.prevalence_real.value
    assert strongest.effect_high is not None
    assert strongest.effect_high < 0


def test_patterns_are_ranked_as_asked(version_id: int) -> None:
    values = {
        "contribution": lambda row: abs(row.mean_contribution),
        "lift": lambda row: row.lift.value,
        "prevalence": lambda row: row.prevalence_real.value + row.prevalence_fake.value,
        "stability": lambda row: -1.0 if row.stability is None else row.stability,
    }

    assert values.keys() == set(ORDERS)
    for order, value in values.items():
        ranked = [value(row) for row in patterns(chosen(version_id), order)]
        assert ranked == sorted(ranked, reverse=True)
        assert len(ranked) == len(patterns(chosen(version_id)))


def test_an_unknown_order_is_refused(version_id: int) -> None:
    with pytest.raises(InvalidError):
        patterns(chosen(version_id), "name")


def test_exemplars_are_the_most_typical_groups_one_an_image(
    found: tuple[PatternRow, ...],
) -> None:
    for row in found:
        nearest: dict[int, int] = {}
        for each in members_of(row.id):
            nearest.setdefault(each.image_id, each.id)
        assert [each.group_id for each in row.exemplars] == list(nearest.values())[:EXEMPLARS]
        assert len({each.image_id for each in row.exemplars}) == len(row.exemplars)


def test_a_pattern_is_called_by_its_first_tag_and_by_its_number_before(
    version_id: int, found: tuple[PatternRow, ...], ada: Account
) -> None:
    row = found[0]
    first = tags.tag_pattern(ada.id, row.id, "rough")
    tags.tag_pattern(ada.id, row.id, "second")
    called = [row.label, patterns(chosen(version_id))[0].label]
    tags.withdraw(ada.id, first.id)
    called.append(patterns(chosen(version_id))[0].label)

    assert called == [f"pattern {row.number}", "rough", "second"]
    assert patterns(chosen(version_id))[1].tags == ()


def test_paging_through_members_meets_each_once(
    version_id: int, found: tuple[PatternRow, ...]
) -> None:
    for row in found:
        met, after = [], None
        while True:
            page = pattern(version_id, row.id, after, 5)
            assert 0 < len(page.members) <= 5
            met += [each.group_id for each in page.members]
            if page.members_after is None:
                break
            after = page.members_after
        assert met == [each.id for each in members_of(row.id)]


def test_a_broken_key_of_further_members_is_refused(
    version_id: int, found: tuple[PatternRow, ...]
) -> None:
    for after in ("nan~1", "", "1~x"):
        with pytest.raises(InvalidError):
            pattern(version_id, found[0].id, after)


def images_by_cell(version_id: int) -> dict[int, set[int]]:
    return {
        each.id: {
            card.id
            for card in images(chosen(version_id, cell_id=each.id), "uncertain", limit=100).cards
        }
        for each in overview(chosen(version_id), 0, None).cells
    }


def test_the_cells_listed_are_those_that_hold_members(
    version_id: int, found: tuple[PatternRow, ...]
) -> None:
    by_cell = images_by_cell(version_id)
    for row in found:
        having = {each.image_id for each in members_of(row.id)}
        holding = {cell_id for cell_id, own in by_cell.items() if having & own}
        lit = overview(chosen(version_id, pattern_id=row.id), 0, None).cells
        assert {each.id for each in lit if each.lit} == holding
        assert holding


def test_a_selections_figures_are_those_of_its_images(version_id: int) -> None:
    for filters in ({"label": "fake"}, {"outcome": "misclassified"}, {"p": (0.2, 0.9)}):
        area = chosen(version_id, **filters)
        own = [
            session().get_one(Prediction, (version_id, int(image_id)))
            for image_id in area.store.image_ids[area.area]
        ]
        rows = {row.id: row for row in patterns(area)}
        for row in patterns(chosen(version_id)):
            members = [each for each in members_of(row.id) if each.image_id in by_id(own)]
            having = [each for each in own if each.image_id in {one.image_id for one in members}]
            if not having:
                assert row.id not in rows
                continue
            found = rows[row.id]
            fakes = [each for each in own if each.label == "fake"]
            assert found.images == len(having)
            contributions = [each.contribution for each in members]
            assert found.groups == len(members)
            assert found.mean_contribution == pytest.approx(np.mean(contributions), abs=1e-4)
            assert found.contribution_std == pytest.approx(np.std(contributions), abs=1e-4)
            if fakes:
                assert found.prevalence_fake is not None
                assert found.prevalence_fake.value == pytest.approx(
                    sum(each.label == "fake" for each in having) / len(fakes)
                )
            assert {each.image_id for each in found.exemplars} <= by_id(having)


@pytest.mark.parametrize(
    ("filters", "unlifted", "untold"),
    [
        ({"outcome": "misclassified"}, "only_errors", None),
        ({"outcome": "real_right"}, "no_errors", "fake"),
        ({"outcome": "fake_called_real"}, "only_errors", "real"),
        ({"label": "real"}, None, "fake"),
    ],
)
def test_a_share_or_lift_is_given_only_where_the_images_tell_it(
    version_id: int, filters: dict[str, str], unlifted: str | None, untold: str | None
) -> None:
    rows = patterns(chosen(version_id, **filters))

    assert rows
    for row in rows:
        assert (row.prevalence_real is None) == (untold == "real")
        assert (row.prevalence_fake is None) == (untold == "fake")
        assert bool(row.unlifted) == (row.lift is None)
        assert unlifted is None or row.unlifted == unlifted


def test_one_image_tells_no_lift(version_id: int) -> None:
    alone = [cell for cell, own in images_by_cell(version_id).items() if len(own) == 1]
    rows = [row for cell in alone for row in patterns(chosen(version_id, cell_id=cell))]

    assert rows
    assert all(row.lift is None and row.images == 1 for row in rows)


def test_images_of_one_source_make_the_figures_less_certain(
    version_id: int, found: tuple[PatternRow, ...], settings: Settings
) -> None:
    with transaction() as write:
        # Eight sources, each with images of every kind.
        write.execute(update(Image).values(group_key=cast(Image.id % 8, String)))
    forget_columns(version_id, settings)

    grouped = patterns(chosen(version_id))

    assert [row.id for row in grouped] == [row.id for row in found]
    for alone, together in zip(found, grouped, strict=True):
        for name in ("prevalence_real", "prevalence_fake", "lift"):
            before, after = getattr(alone, name), getattr(together, name)
            assert after.value == pytest.approx(before.value)
            assert after.high - after.low > before.high - before.low


def test_a_filter_that_lets_everything_through_changes_no_figure(version_id: int) -> None:
    everything = patterns(chosen(version_id))
    for filters in ({"p": (0.0, 1.0)}, {"severity": (1, 2, 3, 4, 5)}):
        assert patterns(chosen(version_id, **filters)) == everything


def test_a_patterns_mean_contribution_is_the_same_wherever_it_stands(
    version_id: int, found: tuple[PatternRow, ...]
) -> None:
    filtered = {row.id: row for row in patterns(chosen(version_id, p=(0.0, 1.0)))}
    for row in found:
        for other in (
            filtered[row.id].mean_contribution,
            pattern(version_id, row.id).row.mean_contribution,
            session().get_one(Pattern, row.id).mean_contribution,
            float(np.mean([each.contribution for each in members_of(row.id)])),
        ):
            assert other == pytest.approx(row.mean_contribution, rel=1e-9)


def test_the_figures_are_those_that_the_run_stored(
    version_id: int, found: tuple[PatternRow, ...]
) -> None:
    for row in found:
        stored = session().get_one(Pattern, row.id)
        assert (row.groups, row.images) == (stored.groups, stored.images)
        assert row.mean_contribution == pytest.approx(stored.mean_contribution, abs=1e-4)
        assert row.contribution_std == pytest.approx(stored.spread_contribution, abs=1e-4)


def by_id(predictions: list[Prediction]) -> set[int]:
    return {each.image_id for each in predictions}


def test_a_cells_patterns_are_those_of_its_images_and_no_others(version_id: int) -> None:
    for cell_id, own in images_by_cell(version_id).items():
        met = session().scalars(
            select(PixelGroup.pattern_id)
            .where(
                PixelGroup.version_id == version_id,
                PixelGroup.image_id.in_(own),
                PixelGroup.pattern_id.is_not(None),
            )
            .distinct()
        )
        assert {row.id for row in patterns(chosen(version_id, cell_id=cell_id))} == set(met)


def test_a_patterns_page_shows_every_misclassified_member_and_which_way_it_is_pushed(
    version_id: int, found: tuple[PatternRow, ...]
) -> None:
    ways = {True: 0, False: 0}
    for row in found:
        having = {each.image_id for each in members_of(row.id)}
        wrong = {
            each.image_id: each
            for each in session().scalars(
                select(Prediction)
                .where(
                    Prediction.version_id == version_id,
                    Prediction.outcome.in_(("real_called_fake", "fake_called_real")),
                    Prediction.image_id.in_(having),
                )
                .order_by(func.abs(Prediction.logit).desc())
            )
        }
        detail = pattern(version_id, row.id)
        assert detail.misclassified == len(wrong)
        assert {card.id for errors in detail.errors for card in errors.shown} == set(wrong)
        for errors in detail.errors:
            shown = [card.id for card in errors.shown]
            assert shown == [each for each in wrong if wrong[each].outcome == errors.outcome]
            assert errors.images == len(shown)
            called = "fake" if errors.outcome == "real_called_fake" else "real"
            assert errors.pushed == (called == row.side)
            ways[errors.pushed] += len(shown)
    assert min(ways.values()) > 0


def test_a_pattern_of_another_version_is_not_found(version_id: int) -> None:
    others = workspace("others").version
    assert others is not None
    foreign = session().scalars(select(Pattern.id).where(Pattern.version_id == others.id)).first()
    assert foreign is not None

    for pattern_id in (foreign, 10**6):
        with pytest.raises(NotFoundError):
            pattern(version_id, pattern_id)
    assert foreign not in {row.id for row in patterns(chosen(version_id))}
