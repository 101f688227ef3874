"""What people do about findings; each is recorded, and can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, joinedload

from workbench.services import audit
from workbench.services.audit import Concerned
from workbench.services.collections import find_collection
from workbench.services.errors import ConflictError, InvalidError, NotFoundError
from workbench.services.hygiene.check import newest_check
from workbench.services.hygiene.findings import Finding
from workbench.services.hygiene.warnings import DataWarning, newest_version
from workbench.services.review.decision_changes import record_change
from workbench.services.review.decisions import decisions_on, label_by
from workbench.store.database import now, session, transaction
from workbench.store.hygiene import DataAction
from workbench.store.images import Collection, Image
from workbench.store.judgements import Verdict
from workbench.store.versions import CuratedDataset


@dataclass(frozen=True)
class ActionView:
    """An action in a collection's history."""

    id: int
    kind: str
    finding: str
    images: int
    by: str
    """Empty for what was done on the command line."""
    at: datetime
    withdrawn: bool


def actions(name: str) -> tuple[ActionView, ...]:
    """What was done about findings of a collection, the newest first."""
    found = session().scalars(
        select(DataAction)
        .options(joinedload(DataAction.user))
        .where(DataAction.collection_id == find_collection(name).id)
        .order_by(DataAction.id.desc())
    )
    return tuple(view_of(each) for each in found)


def require_action(name: str, action_id: int) -> None:
    """Raise NotFoundError for an action that is not one of this collection."""
    action = session().get(DataAction, action_id)
    if action is None or action.collection_id != find_collection(name).id:
        raise NotFoundError(gettext("This action is already undone."))


def leave_out(user_id: int, name: str, key: str) -> ActionView:
    """Leave the images of a finding out of training and test set, by verdicts of this person.

    Of duplicates one image stays, of those across the split the test images; of those with
    contradicting labels none. Images that somebody decided on already stay as they are.
    """
    collection_id, finding = _of(name, key, "leave_out")
    chosen = _to_leave_out(finding)
    decided = decisions_on(chosen)
    with transaction() as write:
        labels = dict(
            write.execute(select(Image.id, Image.label).where(Image.id.in_(chosen))).tuples().all()
        )
        verdicts = [
            Verdict(
                image_id=image_id,
                user_id=user_id,
                decision="exclude",
                reason=gettext("Data check: %(finding)s", finding=key),
                shown_label=label_by(labels[image_id], None),
            )
            for image_id in chosen
            if image_id not in decided
        ]
        write.add_all(verdicts)
        write.flush()
        ids = [each.id for each in verdicts]
        made = _record(write, user_id, collection_id, "leave_out", finding, {"verdicts": ids})
        for each in verdicts:
            record_change(write, each.image_id)
        return made


def one_group(user_id: int, name: str, key: str) -> ActionView:
    """Put each group of duplicates into one source group, with all images of the groups it joins.

    On the training side where one of them was trained on by a version, or may have been; new
    versions keep it so.
    """
    collection_id, finding = _of(name, key, "one_group")
    before: list[dict[str, Any]] = []
    with transaction() as write:
        _lock(write, collection_id)
        frozen = _datasets(write, collection_id)
        for members in finding.groups:
            before += _join(write, collection_id, members)
        return _record(
            write,
            user_id,
            collection_id,
            "one_group",
            finding,
            {"images": before, "datasets": frozen},
        )


def undo(user_id: int | None, action_id: int) -> ActionView:
    """Undo one's own action, or one of the command line, which may undo all.

    Images count again, groups are as they were, copies are made as before by the next analysis.

    Raises ConflictError where a version was trained since images were joined: what it was trained
    on must not become test.
    """
    with transaction() as write:
        action = write.get(DataAction, action_id)
        if action is None or action.withdrawn_at is not None:
            raise NotFoundError(gettext("This action is already undone."))
        if user_id is not None and action.user_id not in (user_id, None):
            raise ConflictError(gettext("Only its author can undo this action."))
        action.withdrawn_at = now()
        audit.acting(write, user_id)
        audit.record(
            write,
            user_id,
            "data.undo",
            f"data_action:{action.id}",
            concerned=Concerned(collection_id=action.collection_id),
        )
        view = view_of(action)
        if action.kind == "leave_out":
            _withdraw(write, action.detail["verdicts"])
        elif action.kind == "make_alike":
            write.get_one(Collection, action.collection_id).made_alike = None
        else:
            _separate(write, action)
        return view


def _of(name: str, key: str, action: str) -> tuple[int, Finding]:
    found = newest_check(name)
    finding = found.finding(key) if found else None
    if finding is None:
        raise NotFoundError(gettext("The check has no such finding any more. Load the page again."))
    if action not in finding.actions:
        raise InvalidError(gettext("This cannot be done about this finding."))
    return find_collection(name).id, finding


def _to_leave_out(finding: Finding) -> list[int]:
    if finding.kind == "duplicates":
        return [each for group in finding.groups for each in group[1:]]
    if finding.kind == "duplicates_across_split":
        members = [each for group in finding.groups for each in group]
        trained_on = session().scalars(
            select(Image.id).where(Image.id.in_(members), ~Image.held_out).order_by(Image.id)
        )
        return list(trained_on)
    return [each for group in finding.groups for each in group]


def _record(
    write: Session,
    user_id: int,
    collection_id: int,
    kind: str,
    finding: Finding,
    detail: dict[str, Any],
) -> ActionView:
    if finding.severity == "warning":
        # Versions that are there were made with it, whatever becomes of the images.
        made_before = DataWarning.of(finding, through=newest_version(collection_id))
        detail |= {"warnings": [made_before.as_json()]}
    action = DataAction(
        collection_id=collection_id,
        user_id=user_id,
        kind=kind,
        finding=finding.key,
        detail=detail,
    )
    write.add(action)
    write.flush()
    view = view_of(action)
    audit.record(
        write,
        user_id,
        f"data.{kind}",
        f"data_action:{action.id}",
        concerned=Concerned(collection_id=collection_id),
        finding=finding.key,
        images=view.images,
    )
    return view


def _join(write: Session, collection_id: int, members: tuple[int, ...]) -> list[dict[str, Any]]:
    """Make one group of the members' groups; what changed, as it was before."""
    here = Image.collection_id == collection_id
    keys = write.scalars(select(Image.group_key).where(here, Image.id.in_(members)).distinct())
    rows = write.execute(
        select(Image.id, Image.group_key, Image.held_out)
        .where(here, Image.group_key.in_(keys.all()))
        .order_by(Image.id)
    ).all()
    held_out = all(row.held_out for row in rows)
    key = min((row.group_key for row in rows), default="")
    changed = [row for row in rows if (row.group_key, row.held_out) != (key, held_out)]
    write.execute(
        update(Image)
        .where(Image.id.in_([row.id for row in changed]))
        .values(group_key=key, held_out=held_out)
    )
    return [row._asdict() for row in changed]


def _separate(write: Session, action: DataAction) -> None:
    _lock(write, action.collection_id)
    if _datasets(write, action.collection_id) != action.detail["datasets"]:
        raise ConflictError(
            gettext(
                "A version was trained since. What it was trained on must not become test, so the "
                "images stay in one group."
            )
        )
    for row in reversed(action.detail["images"]):
        write.execute(
            update(Image)
            .where(Image.id == row["id"])
            .values(group_key=row["group_key"], held_out=row["held_out"])
        )


def _withdraw(write: Session, verdict_ids: list[int]) -> None:
    standing = write.scalars(
        select(Verdict).where(Verdict.id.in_(verdict_ids), Verdict.withdrawn_at.is_(None))
    ).all()
    for verdict in standing:
        verdict.withdrawn_at = now()
        record_change(write, verdict.image_id)


def _lock(write: Session, collection_id: int) -> None:
    # An import into the collection decides on groups and sides, too.
    write.execute(select(Collection.id).where(Collection.id == collection_id).with_for_update())


def _datasets(write: Session, collection_id: int) -> int:
    """How many datasets were frozen of the collection."""
    counted = select(func.count()).where(CuratedDataset.collection_id == collection_id)
    return write.scalar(counted) or 0


def view_of(action: DataAction) -> ActionView:
    """An action as history shows it."""
    detail: Mapping[str, Any] = action.detail
    return ActionView(
        id=action.id,
        kind=action.kind,
        finding=action.finding,
        images=detail.get("count", len(detail.get("verdicts", detail.get("images", ())))),
        by=action.user.name if action.user else "",
        at=action.created_at,
        withdrawn=action.withdrawn_at is not None,
    )
