"""Dates that tell the label apart are noted with their figures; others are not."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import ArrayLike

from workbench.services.hygiene.coverage import Counted, Coverage, coverage_of
from workbench.services.hygiene.dates import find_in_dates
from workbench.services.hygiene.images import CheckedImages
from workbench.services.hygiene.words import finding_words

MANY = 60


def images(real: ArrayLike, fake: ArrayLike, unlabelled: ArrayLike = ()) -> CheckedImages:
    """Images by the years of each label; 0 where no date is known."""
    years = np.concatenate([np.asarray(each, np.int64) for each in (real, fake, unlabelled)])
    sizes = [np.size(each) for each in (real, fake, unlabelled)]
    label = np.repeat([0, 1, 2], sizes)
    count = len(years)
    nothing = np.zeros(count)
    return CheckedImages(
        ids=np.arange(1, count + 1),
        real=label == 0,
        fake=label == 1,
        held_out=nothing > 0,
        groups=np.arange(count),
        pixel_hashes=tuple(hashlib.sha256(str(each).encode()).hexdigest() for each in range(count)),
        perceptual_hashes=nothing.astype(np.int64),
        has_hash=nothing > 0,
        generators=tuple("flux" if each == 1 else "" for each in label),
        classes=("cat",) * count,
        years=years,
        sides=nothing.astype(np.int64),
        brightness=nothing,
        darkest=nothing,
        brightest=nothing,
        sharpness=nothing,
    )


def test_dates_of_one_label_alone_are_noted() -> None:
    half = np.where(np.arange(MANY) % 2, 2012, 0)

    [found] = find_in_dates(images(half, np.zeros(MANY)))

    assert (found.kind, found.severity) == ("dates_known", "note")
    assert {name: found.figures[name] for name in ("real", "fake", "dated_real", "dated_fake")} == {
        "real": MANY,
        "fake": MANY,
        "dated_real": MANY // 2,
        "dated_fake": 0,
    }
    assert 0.65 < found.figures["auc"] <= 0.75
    title, sentence = finding_words(found)
    assert title == "Dates known of one label more than of the other"
    assert sentence.startswith("A date is known of 30 of 60 real and of 0 of 60 fake images; ")


def test_years_that_hardly_overlap_are_noted_without_those_of_wrong_clocks() -> None:
    real = [1970] + [2004 + each % 9 for each in range(MANY - 1)]
    fake = [2023 + each % 2 for each in range(MANY - 1)] + [2012]

    [found] = find_in_dates(images(real, fake))

    assert (found.kind, found.severity) == ("years_apart", "note")
    assert found.figures["real_years"] == [2004, 2012]
    assert found.figures["fake_years"] == [2023, 2024]
    assert found.figures["auc"] > 0.95
    assert found.figures["shared"] == round(1 / MANY, 4)
    _title, sentence = finding_words(found)
    assert sentence.startswith("Real images are of 2004–2012, fake ones of 2023–2024 ")


def test_years_between_those_of_the_other_label_are_apart_too() -> None:
    real = [2004 if each % 2 else 2024 for each in range(MANY)]

    found = find_in_dates(images(real, np.full(MANY, 2012)))

    assert [each.kind for each in found] == ["years_apart"]


def test_dates_that_both_labels_have_alike_are_no_finding() -> None:
    rng = np.random.default_rng(0)
    real, fake = (rng.choice([0, 2010, 2011, 2012, 2013], MANY) for _ in range(2))

    assert find_in_dates(images(real, fake)) == []


def test_too_few_dates_tell_nothing() -> None:
    assert find_in_dates(images([], [])) == []
    assert find_in_dates(images([2012] * 5, [2024] * 5)) == []
    assert find_in_dates(images(np.zeros(MANY), np.zeros(MANY))) == []
    assert find_in_dates(images(np.full(MANY, 2012), [])) == []


def test_unlabelled_images_tell_nothing_of_labels_and_are_counted() -> None:
    some = images([2012, 0], [2012, 2011], [2011, 0, 0])

    found = coverage_of(some)

    assert find_in_dates(some) == []
    assert found.years.named == (Counted("2011", 0, 1, 1), Counted("2012", 1, 1, 0))
    assert found.years.unnamed == Counted("", 1, 0, 2)
    assert found.generators.named == (Counted("flux", 0, 2, 0),)
    assert found.generators.unnamed == Counted("", 2, 0, 3)
    assert found.classes.named == (Counted("cat", 2, 2, 3),)
    assert Coverage.read(found.as_json()) == found
