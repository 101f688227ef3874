"""What leaves as JSON lines comes back to the same state, is recorded, and is undone as one."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.integration.interchange.conftest import Frozen
from tests.support.labelling import draw, judge
from workbench.services.accounts import Account
from workbench.services.errors import ConflictError
from workbench.services.interchange.frozen import FrozenRow, FrozenSet
from workbench.services.interchange.importing import check, import_labels
from workbench.services.interchange.shapes import mask_on
from workbench.services.interchange.undoing import imports_of, undo_import
from workbench.services.interchange.writing import write_label_set
from workbench.services.label_sets.freezing import make_label_set
from workbench.services.label_sets.reading import label_set
from workbench.services.review.decisions import final_decisions
from workbench.services.training.dataset import final_labels
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.judgements import Tag, Tagging, Verdict
from workbench.store.people import AuditEvent


@pytest.fixture
def exported(frozen: Frozen, tmp_path: Path) -> Path:
    path = tmp_path / "labels.jsonl"
    with path.open("wb") as out:
        write_label_set(frozen.id, "jsonl", out)
    return path


def state(row: FrozenRow) -> dict[str, Any]:
    """What is decided about an image, whoever said it."""
    return {
        "label": row.label,
        "decision": row.decision,
        "regions": sorted(
            (
                hashlib.sha256(mask_on(each, row.width, row.height).tobytes()).hexdigest(),
                sorted((tag["tag"], tag["reason"], tag["severity"]) for tag in each["tags"]),
            )
            for each in row.details["regions"]
        ),
        "notes": [
            {name: value for name, value in each.items() if name not in {"by", "at"}}
            for each in row.details["notes"]
        ],
    }


def states(collection_id: int, number: int) -> list[dict[str, Any]]:
    return [state(row) for row in FrozenSet(label_set(collection_id, number).id)]


def test_a_round_trip_gives_the_same_state(
    frozen: Frozen, elsewhere: int, exported: Path, ben: Account
) -> None:
    report = import_labels(ben.id, elsewhere, exported, "jsonl")

    assert (report.wrong, report.tally.verdicts, report.tally.tags) == (0, 4, 2)
    make_label_set(ben.id, elsewhere, "again")
    assert states(elsewhere, 1) == states(frozen.collection_id, 1)
    assert [each.label for each in final_labels(elsewhere)] == [
        each.label for each in final_labels(frozen.collection_id)
    ]


def test_importing_it_again_changes_nothing(elsewhere: int, exported: Path, ben: Account) -> None:
    import_labels(ben.id, elsewhere, exported, "jsonl")
    events = select(func.count()).select_from(AuditEvent)
    before = session().scalar(select(func.count()).select_from(Verdict))

    again = import_labels(ben.id, elsewhere, exported, "jsonl")

    assert (again.tally.verdicts, again.tally.same, again.tally.tags) == (0, 7, 0)
    assert session().scalar(select(func.count()).select_from(Verdict)) == before
    assert session().scalar(events) is not None


def test_into_its_own_collection_it_decides_nothing(
    frozen: Frozen, exported: Path, ben: Account
) -> None:
    report = check(frozen.collection_id, exported, "jsonl")

    assert (report.wrong, report.tally.verdicts, report.tally.same) == (0, 0, 7)


def test_each_decision_is_recorded_as_of_who_imports(
    elsewhere: int, exported: Path, ben: Account
) -> None:
    import_labels(ben.id, elsewhere, exported, "jsonl")

    events = session().execute(
        select(AuditEvent.action, func.count())
        .where(AuditEvent.collection_id == elsewhere, AuditEvent.user_id == ben.id)
        .group_by(AuditEvent.action)
    )
    assert dict(events.tuples().all()) == {
        "labels.import": 1,
        "verdict.give": 4,
        "region.draw": 2,
        "tag.add": 2,
        "note.save": 1,
    }


def test_an_import_is_undone_as_one(elsewhere: int, exported: Path, ben: Account) -> None:
    import_labels(ben.id, elsewhere, exported, "jsonl")
    (listed,) = imports_of(elsewhere)
    assert (listed.by, listed.undone, listed.counts["verdicts"]) == ("ben", False, 4)

    assert undo_import(ben.id, elsewhere, listed.id) == 4 + 2 + 2 + 1

    assert final_decisions(elsewhere) == {}
    make_label_set(ben.id, elsewhere, "after")
    assert not [each for each in states(elsewhere, 1) if each["regions"] or each["notes"]]
    undone = session().scalars(
        select(AuditEvent.undoes_id).where(
            AuditEvent.collection_id == elsewhere, AuditEvent.action == "verdict.withdraw"
        )
    )
    assert len(set(undone)) == 4
    assert imports_of(elsewhere)[0].undone
    with pytest.raises(ConflictError, match="undone already"):
        undo_import(ben.id, elsewhere, listed.id)


def test_names_that_came_in_with_it_leave_with_it(
    elsewhere: int, tmp_path: Path, frozen: Frozen, ben: Account
) -> None:
    rows = [json.loads(line) for line in _lines(frozen)]
    rows[0]["regions"][0]["tags"][0]["tag"] = "Never seen"
    path = tmp_path / "new.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    report = import_labels(ben.id, elsewhere, path, "jsonl")
    assert report.import_id is not None
    named = select(Tag.withdrawn_at).where(Tag.name == "Never seen")
    assert session().scalars(named).all() == [None]

    undo_import(ben.id, elsewhere, report.import_id)

    assert session().scalars(named).all() != [None]
    standing = select(Tag.name).where(Tag.withdrawn_at.is_(None), Tag.name == "Glare")
    assert session().scalars(standing).all() == ["Glare"]


def _lines(frozen: Frozen) -> list[bytes]:
    out = io.BytesIO()
    write_label_set(frozen.id, "jsonl", out)
    return out.getvalue().splitlines()


def test_what_others_did_since_stays(
    elsewhere: int, exported: Path, ben: Account, ada: Account
) -> None:
    report = import_labels(ben.id, elsewhere, exported, "jsonl")
    assert report.import_id is not None
    images = session().scalars(
        select(Image.id).where(Image.collection_id == elsewhere).order_by(Image.id)
    )
    ids = images.all()
    judge(ids[1], "real", ada)
    region = draw(ids[0], ada, "Hand", (1.0, 1.0), (30.0, 1.0), (1.0, 15.0))

    undo_import(ben.id, elsewhere, report.import_id)

    assert final_decisions(elsewhere) == {ids[1]: "real"}
    standing = select(Tagging.region_id).where(Tagging.withdrawn_at.is_(None))
    assert region in session().scalars(standing.where(Tagging.user_id == ada.id)).all()


def test_only_who_imported_undoes(
    elsewhere: int, exported: Path, ben: Account, ada: Account
) -> None:
    report = import_labels(ben.id, elsewhere, exported, "jsonl")
    assert report.import_id is not None

    with pytest.raises(ConflictError, match="Only who imported"):
        undo_import(ada.id, elsewhere, report.import_id)


def test_other_people_who_disagree_are_counted_before(
    elsewhere: int, exported: Path, ben: Account, ada: Account
) -> None:
    ids = session().scalars(
        select(Image.id).where(Image.collection_id == elsewhere).order_by(Image.id)
    )
    judge(ids.all()[1], "real", ada)

    report = check(elsewhere, exported, "jsonl")

    assert (report.tally.verdicts, report.tally.disputed) == (4, 1)
