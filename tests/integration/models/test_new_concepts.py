"""Which version a dimension took on its meaning in, along the line of retrains."""

from __future__ import annotations

import pytest

from workbench.services.models.new_concepts import new_concepts
from workbench.services.workspaces import Workspace
from workbench.store.database import session, transaction
from workbench.store.versions import ModelVersion

pytestmark = pytest.mark.analysed


def retrained(parent_id: int, number: int, born: list[int]) -> int:
    with transaction() as write:
        parent = write.get_one(ModelVersion, parent_id)
        made = ModelVersion(
            collection_id=parent.collection_id,
            number=number,
            parent_id=parent_id,
            dataset_id=parent.dataset_id,
            encoder=parent.encoder,
            encoder_fingerprint=parent.encoder_fingerprint,
            relevance=parent.relevance,
            dimensions=parent.dimensions,
            weights_id=parent.weights_id,
            metrics={"new_concepts": born},
        )
        write.add(made)
        write.flush()
        return made.id


def test_a_dimension_is_new_in_the_last_version_that_gave_it_a_meaning(version_id: int) -> None:
    second = retrained(version_id, 2, [3, 4])
    third = retrained(second, 3, [4])
    beside = retrained(second, 4, [0])

    assert new_concepts(version_id) == {}
    assert new_concepts(second) == {3: 2, 4: 2}
    assert new_concepts(third) == {3: 2, 4: 3}
    assert new_concepts(beside) == {3: 2, 4: 2, 0: 4}


def test_a_version_from_before_concepts_has_none_new(version_id: int, analysed: Workspace) -> None:
    with transaction() as write:
        version = write.get_one(ModelVersion, version_id)
        version.metrics = {
            key: value for key, value in version.metrics.items() if key != "new_concepts"
        }

    assert new_concepts(version_id) == {}
    assert session().get_one(ModelVersion, version_id).metrics.get("new_concepts") is None
