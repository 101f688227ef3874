"""Counterfactuals: an edit, what the model then says, and what people write of it."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image as Picture
from sqlalchemy import func, select

from tests.support.choosing import chosen
from tests.support.fake_encoder import FakeEncoder
from tests.support.noting import save_note
from tests.support.scored import head_of, logits_of_edits
from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.analysis.layout.mixtures import DEFAULT_LAYOUT
from workbench.analysis.regions.counterfactual import FILLS, prediction_interval, remove_region
from workbench.analysis.regions.pixel_groups import decode_mask
from workbench.config import Settings
from workbench.services.accounts import Account
from workbench.services.encoding.pixels import read_copy
from workbench.services.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    UnavailableError,
)
from workbench.services.explore.listing import images
from workbench.services.image import counterfactuals
from workbench.services.image.counterfactuals import (
    CONTROLS,
    preview,
    try_edit,
)
from workbench.services.image.edits import DimensionEdit, Edit, RegionEdit
from workbench.services.models.arrays import logit_weights_of, rows_of
from workbench.services.review.expectations import Expected, is_met
from workbench.services.review.notes import notes_on, withdraw_note
from workbench.services.workspaces import workspace
from workbench.store.database import session
from workbench.store.image_files import normalised_path
from workbench.store.images import Image
from workbench.store.judgements import CounterfactualNote
from workbench.store.people import AuditEvent
from workbench.store.results import Cell, PixelGroup, Prediction

pytestmark = pytest.mark.analysed


@pytest.fixture
def group(version_id: int) -> PixelGroup:
    """The pixel group that pushes most toward fake."""
    return session().scalars(
        select(PixelGroup)
        .where(PixelGroup.version_id == version_id)
        .order_by(PixelGroup.contribution.desc())
    ).first() or pytest.fail("no pixel group")


# Regions


@pytest.mark.parametrize("fill", FILLS)
def test_a_region_is_tried_beside_ten_random_ones(
    group: PixelGroup, version_id: int, fill: str
) -> None:
    outcome = try_edit(version_id, group.image_id, RegionEdit(group.id, fill))

    stored = session().get_one(Prediction, (version_id, group.image_id))
    assert outcome.p_before == pytest.approx(stored.p, abs=1e-3)
    assert len(outcome.controls) == CONTROLS == 10
    assert outcome.control_mean == pytest.approx(np.mean(outcome.controls))
    assert outcome.control_std == pytest.approx(np.std(outcome.controls, ddof=1))
    assert outcome.interval == prediction_interval(np.array(outcome.controls))
    logit = np.log(outcome.p_after / (1 - outcome.p_after))
    assert logit - stored.logit == pytest.approx(outcome.delta_logit, abs=1e-3)


def test_taking_the_roughness_away_lowers_p_beyond_what_random_edits_do(
    group: PixelGroup, version_id: int
) -> None:
    outcome = try_edit(version_id, group.image_id, RegionEdit(group.id, "inpaint"))

    assert outcome.delta_logit < 0
    assert outcome.p_after < outcome.p_before
    assert outcome.exceeds_control


def test_the_outcome_is_what_the_model_says_of_the_edited_pixels(
    group: PixelGroup, version_id: int, settings: Settings, encoder: FakeEncoder
) -> None:
    pixels = read_copy(settings.image_dir, session().get_one(Image, group.image_id).pixel_hash)
    edited = remove_region(pixels, decode_mask(group.region.rle, NORMAL_SIZE), "mean")
    before, after = logits_of_edits(version_id, group.image_id, [pixels, edited], encoder, settings)

    outcome = try_edit(version_id, group.image_id, RegionEdit(group.id, "mean"))

    assert outcome.delta_logit == pytest.approx(after - before, abs=1e-4)


def test_the_same_question_has_the_same_answer(group: PixelGroup, version_id: int) -> None:
    edit = RegionEdit(group.id, "inpaint")
    first = try_edit(version_id, group.image_id, edit)
    counterfactuals._tried.cache_clear()

    assert try_edit(version_id, group.image_id, edit) == first


def test_a_question_asked_again_costs_the_encoder_nothing(
    group: PixelGroup, version_id: int, encoder: FakeEncoder
) -> None:
    edit = RegionEdit(group.id, "blur")
    try_edit(version_id, group.image_id, edit)
    encoder.encoded = 0
    try_edit(version_id, group.image_id, edit)

    assert encoder.encoded == 0


def test_trying_changes_nothing_that_is_kept(
    group: PixelGroup, version_id: int, settings: Settings
) -> None:
    image = session().get_one(Image, group.image_id)
    path = normalised_path(settings.image_dir, image.pixel_hash)
    before = path.read_bytes()
    try_edit(version_id, group.image_id, RegionEdit(group.id, "mean"))

    assert path.read_bytes() == before
    assert session().scalar(select(func.count()).select_from(CounterfactualNote)) == 0


# Dimensions


def test_a_dimension_set_to_zero_takes_its_part_from_the_logit(
    group: PixelGroup, version_id: int, settings: Settings
) -> None:
    activations, _maps = rows_of(version_id, group.image_id, settings)
    head = head_of(version_id, group.image_id, settings)
    weights = head.logit_weight.numpy()
    whole = float(activations @ weights) + head.logit_bias

    for dimension in range(len(weights)):
        outcome = try_edit(version_id, group.image_id, DimensionEdit(dimension))
        without = activations.copy()
        without[dimension] = 0
        logit = float(without @ weights) + head.logit_bias
        assert outcome.delta_logit == pytest.approx(logit - whole, abs=1e-4)
        assert outcome.p_after == pytest.approx(1 / (1 + np.exp(-logit)), abs=1e-4)
        assert outcome.edit_label == f"dimension {dimension} set to 0"


def test_a_dimensions_controls_are_other_dimensions_of_the_image_set_likewise(
    group: PixelGroup, version_id: int, settings: Settings
) -> None:
    activations, _maps = rows_of(version_id, group.image_id, settings)
    weights = logit_weights_of(version_id, settings)
    active = np.flatnonzero(np.abs(activations) > 1e-6)
    assert len(active) > 1

    for dimension in active:
        outcome = try_edit(version_id, group.image_id, DimensionEdit(int(dimension)))
        others = active[active != dimension]
        assert len(outcome.controls) == min(len(others), CONTROLS)
        assert set(np.round(outcome.controls, 4)) <= set(
            np.round(-(activations * weights)[others].astype(float), 4)
        )
        assert outcome.control_mean == pytest.approx(np.mean(outcome.controls))
        assert outcome.interval == prediction_interval(np.array(outcome.controls))


def in_cell(version_id: int, cell_id: int) -> set[int]:
    cards = images(chosen(version_id, cell_id=cell_id), "uncertain").cards
    return {card.id for card in cards}


def test_a_dimension_can_be_set_to_the_mean_of_its_own_cell_or_of_any(
    group: PixelGroup, version_id: int, settings: Settings
) -> None:
    activations, _maps = rows_of(version_id, group.image_id, settings)
    weights = logit_weights_of(version_id, settings)
    cells = session().scalars(select(Cell).where(Cell.version_id == version_id)).all()
    around = [
        each
        for each in cells
        if each.layout == DEFAULT_LAYOUT
        and each.level <= 0
        and group.image_id in in_cell(version_id, each.id)
    ]
    # Of so few images each has a cell of level 0 to itself, whose mean would change nothing.
    own = next(
        each
        for each in sorted(around, key=lambda each: -each.level)
        if len(in_cell(version_id, each.id)) > 1
    )
    assert own.level < 0

    for to, cell in (("own", own), (cells[-1].id, cells[-1])):
        outcome = try_edit(version_id, group.image_id, DimensionEdit(0, to))
        wanted = float(weights[0]) * (cell.mean_activation[0] - float(activations[0]))
        assert outcome.delta_logit == pytest.approx(wanted, abs=1e-4)
        assert f"{cell.mean_activation[0]:.2f} (mean of" in outcome.edit_label


# Refusals


def test_what_cannot_be_edited_is_refused(group: PixelGroup, version_id: int) -> None:
    image_id = group.image_id
    other = (
        session()
        .scalars(
            select(PixelGroup.id).where(
                PixelGroup.version_id == version_id, PixelGroup.image_id != image_id
            )
        )
        .first()
    )
    foreign = workspace("others").version
    assert other is not None
    assert foreign is not None
    foreign_cell = session().scalars(select(Cell.id).where(Cell.version_id == foreign.id)).first()
    assert foreign_cell is not None

    refused: list[tuple[int, Edit, type[Exception]]] = [
        (image_id, RegionEdit(other, "inpaint"), NotFoundError),
        (image_id, RegionEdit(10**6, "inpaint"), NotFoundError),
        (image_id, RegionEdit(group.id, "dissolve"), InvalidError),  # type: ignore[arg-type]  # refused
        (image_id, DimensionEdit(16), InvalidError),
        (image_id, DimensionEdit(-1), InvalidError),
        (image_id, DimensionEdit(0, foreign_cell), NotFoundError),
        (image_id, DimensionEdit(0, 10**6), NotFoundError),
        (10**6, DimensionEdit(0), NotFoundError),
        (10**6, RegionEdit(group.id, "inpaint"), NotFoundError),
    ]
    for tried, edit, error in refused:
        with pytest.raises(error):
            try_edit(version_id, tried, edit)
    for edit in (RegionEdit(group.id, "inpaint"), DimensionEdit(0)):
        with pytest.raises(NotFoundError):
            try_edit(foreign.id, image_id, edit)


def test_without_its_picture_or_its_encoder_an_edit_has_to_wait(
    group: PixelGroup, version_id: int, settings: Settings, encoder: FakeEncoder
) -> None:
    encoder.fingerprint = "1" * 32
    with pytest.raises(UnavailableError, match="another build"):
        try_edit(version_id, group.image_id, RegionEdit(group.id, "inpaint"))
    encoder.fingerprint = FakeEncoder.fingerprint
    image = session().get_one(Image, group.image_id)
    normalised_path(settings.image_dir, image.pixel_hash).unlink()

    with pytest.raises(UnavailableError, match="Import its original again"):
        try_edit(version_id, group.image_id, RegionEdit(group.id, "inpaint"))
    assert try_edit(version_id, group.image_id, DimensionEdit(0)).edit_label


# Previews


def test_a_preview_shows_the_edited_region_and_leaves_the_rest(
    group: PixelGroup, version_id: int, settings: Settings
) -> None:
    content = preview(version_id, group.image_id, RegionEdit(group.id, "mean"))

    with Picture.open(io.BytesIO(content)) as picture:
        assert picture.format == "JPEG"
        shown = np.asarray(picture).astype(int)
    image = session().get_one(Image, group.image_id)
    original = read_copy(settings.image_dir, image.pixel_hash).astype(int)
    inside = decode_mask(group.region.rle, NORMAL_SIZE).astype(bool)
    changed = np.abs(shown - original).mean(axis=2)
    assert changed[inside].mean() > 5 * changed[~inside].mean()


# Notes


def test_a_note_holds_the_servers_figures_and_an_edit_that_can_be_replayed(
    group: PixelGroup, version_id: int, ada: Account
) -> None:
    edit = RegionEdit(group.id, "mean")

    saved = save_note(ada.id, version_id, group.image_id, edit, "fall", " It is the texture. ")

    row = session().get_one(CounterfactualNote, saved.id)
    outcome = try_edit(version_id, group.image_id, edit)
    assert (row.p_before, row.p_after, row.delta_logit) == (
        outcome.p_before,
        outcome.p_after,
        outcome.delta_logit,
    )
    assert (row.control_mean, row.control_spread) == (
        outcome.control_mean,
        outcome.control_std,
    )
    assert row.edit == {
        "kind": "region",
        "label": outcome.edit_label,
        "group_id": group.id,
        "rle": group.region.rle,
        "fill": "mean",
    }
    assert (row.text, row.user_id, row.version_id) == ("It is the texture.", ada.id, version_id)
    assert (saved.by, saved.met) == ("ada", True)
    assert notes_on(group.image_id) == (saved,)
    event = session().scalars(select(AuditEvent).where(AuditEvent.action == "note.save")).one()
    assert (event.user_id, event.subject) == (ada.id, f"note:{saved.id}")


def test_a_note_on_a_dimension_names_it(group: PixelGroup, version_id: int, ada: Account) -> None:
    saved = save_note(ada.id, version_id, group.image_id, DimensionEdit(3), "stay", "words")

    assert session().get_one(CounterfactualNote, saved.id).edit == {
        "kind": "dimension",
        "label": "dimension 3 set to 0",
        "dimension": 3,
        "to": 0.0,
    }
    outcome = try_edit(version_id, group.image_id, DimensionEdit(3))
    assert saved.control_mean == outcome.control_mean


def test_a_note_on_a_cells_mean_keeps_the_value_that_was_set(
    group: PixelGroup, version_id: int, ada: Account
) -> None:
    cell = session().scalars(select(Cell).where(Cell.version_id == version_id)).first()
    assert cell is not None

    saved = save_note(
        ada.id, version_id, group.image_id, DimensionEdit(1, cell.id), "stay", "words"
    )

    edit = session().get_one(CounterfactualNote, saved.id).edit
    assert (edit["dimension"], edit["to"]) == (1, cell.mean_activation[1])


def test_markup_in_a_note_is_kept_as_it_is(
    group: PixelGroup, version_id: int, ada: Account
) -> None:
    text = "<b>\"it's\"</b> & ' or 1=1 --\nsecond line"

    saved = save_note(ada.id, version_id, group.image_id, DimensionEdit(0), "rise", text)

    assert saved.text == text


REFUSED_WORDS = [
    ("fall", "  "),
    ("fall", ""),
    ("fall", "x" * 4001),
    ("explode", "words"),
    ("", "words"),
]


def test_a_note_without_sense_is_refused_before_anything_is_computed(
    group: PixelGroup,
    version_id: int,
    ada: Account,
    encoder: FakeEncoder,
) -> None:
    encoder.encoded = 0
    edit = RegionEdit(group.id, "blur")
    for expectation, text in REFUSED_WORDS:
        with pytest.raises(InvalidError):
            save_note(ada.id, version_id, group.image_id, edit, expectation, text)

    assert encoder.encoded == 0
    assert session().scalar(select(func.count()).select_from(CounterfactualNote)) == 0


def test_a_note_on_another_images_group_is_not_saved(
    group: PixelGroup, version_id: int, ada: Account
) -> None:
    other = (
        session()
        .scalars(
            select(Prediction.image_id).where(
                Prediction.version_id == version_id, Prediction.image_id != group.image_id
            )
        )
        .first()
    )
    assert other is not None

    with pytest.raises(NotFoundError):
        save_note(ada.id, version_id, other, RegionEdit(group.id, "blur"), "fall", "words")
    assert session().scalar(select(func.count()).select_from(CounterfactualNote)) == 0


def test_only_ones_own_note_can_be_taken_back_and_only_once(
    group: PixelGroup, version_id: int, ada: Account, ben: Account
) -> None:
    saved = save_note(ada.id, version_id, group.image_id, DimensionEdit(0), "fall", "words")

    with pytest.raises(ConflictError):
        withdraw_note(ben.id, saved.id)
    withdraw_note(ada.id, saved.id)
    with pytest.raises(NotFoundError):
        withdraw_note(ada.id, saved.id)
    assert notes_on(group.image_id) == ()
    assert session().get_one(CounterfactualNote, saved.id).text == "words"


@pytest.mark.parametrize(
    ("expectation", "delta", "met"),
    [
        ("fall", -0.31, True),
        ("fall", -0.3, False),
        ("fall", 0.4, False),
        ("rise", 0.4, True),
        ("rise", 0.3, False),
        ("stay", -0.3, True),
        ("stay", 0.3, True),
        ("stay", -0.31, False),
    ],
)
def test_an_expectation_is_met_by_the_interval_of_the_controls(
    expectation: str, delta: float, met: bool
) -> None:
    assert is_met(Expected(expectation), 0.4, delta, (-0.3, 0.3)) == met
    assert is_met(Expected(expectation), 0.4, delta, None) is None


@pytest.mark.parametrize(
    ("direction", "bound", "p_after", "delta", "met"),
    [
        ("fall", 0.5, 0.49, -1.0, True),
        ("fall", 0.5, 0.5, -1.0, False),
        ("fall", 0.5, 0.3, -0.1, False),  # below it, and no further than the controls
        ("rise", 0.5, 0.51, 1.0, True),
        ("rise", 0.5, 0.5, 1.0, False),
    ],
)
def test_with_a_bound_p_has_to_end_beyond_it_too(
    direction: str, bound: float, p_after: float, delta: float, met: bool
) -> None:
    assert is_met(Expected(direction, bound), p_after, delta, (-0.3, 0.3)) == met


def test_a_note_is_met_by_the_interval_that_was_shown(
    group: PixelGroup, version_id: int, ada: Account
) -> None:
    edit = RegionEdit(group.id, "inpaint")
    outcome = try_edit(version_id, group.image_id, edit)
    assert outcome.moved == "fall"

    saved = [
        save_note(ada.id, version_id, group.image_id, edit, each, "words")
        for each in ("fall", "rise", "stay")
    ]

    assert [note.met for note in saved] == [True, False, False]
    row = session().get_one(CounterfactualNote, saved[0].id)
    assert (row.control_low, row.control_high) == outcome.interval
