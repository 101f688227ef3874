"""A data directory that moves to a processor which computes in another precision."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from tests.support.fake_encoder import FakeEncoder
from tests.support.working import analyse
from workbench.analysis.encoders.protocol import Precision
from workbench.config import Settings
from workbench.services.encoding import precision, registry
from workbench.services.image.counterfactuals import try_edit
from workbench.services.image.edits import RegionEdit
from workbench.services.models.versions import versions
from workbench.services.workspaces import Workspace
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.results import PixelGroup

pytestmark = pytest.mark.analysed

Encoders = dict[Precision, FakeEncoder]


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Encoders:
    """The encoders of a machine with fast bfloat16; the workbench was analysed on one without."""
    encoders: Encoders = {each: FakeEncoder() for each in precision.PRECISIONS}
    encoders["bfloat16"].fingerprint = "1" * 32
    monkeypatch.setattr(
        registry, "load_encoder", lambda _name, *, precision, **_places: encoders[precision]
    )
    registry._loaded.cache_clear()
    monkeypatch.setattr(precision, "bfloat16_speedup", lambda _device: 2.0)
    (settings.cache_dir / "precision.json").unlink(missing_ok=True)
    return encoders


def test_edits_are_scored_in_the_precision_that_the_version_was_created_in(
    analysed: Workspace, version_id: int, settings: Settings, moved: Encoders
) -> None:
    assert precision.precision_of(settings) == "bfloat16"
    group = session().scalars(select(PixelGroup).where(PixelGroup.version_id == version_id)).first()
    assert group is not None

    tried = try_edit(version_id, group.image_id, RegionEdit(group.id, "inpaint"))

    assert tried.edit_label
    assert moved["float32"].encoded > 0
    assert moved["bfloat16"].encoded == 0


def test_the_next_training_encodes_all_images_again_and_says_in_what(
    analysed: Workspace, settings: Settings, moved: Encoders
) -> None:
    images = session().scalar(select(func.count(Image.pixel_hash.distinct())))

    assert analyse(analysed.collection.id, settings, again=True) == "succeeded"

    assert moved["float32"].encoded == 0
    assert moved["bfloat16"].encoded >= (images or 0) > 0
    newest, *_ = versions(analysed.collection.id)
    assert newest.summary.precision == "bfloat16"
    assert newest.summary.active
