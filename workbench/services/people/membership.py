"""Who sees a collection: everybody who can sign in, or its members alone (ADR 62)."""

from __future__ import annotations

from collections.abc import Collection as Ids
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from workbench.services import audit
from workbench.services.collections import find_collection
from workbench.services.errors import InvalidError
from workbench.services.people.leases import end_leases, unseen
from workbench.store.database import session, transaction
from workbench.store.images import Collection
from workbench.store.people import CollectionMember, User
from workbench.store.queues import Queue


@dataclass(frozen=True)
class Candidate:
    """An account that is, or could be, a member of a collection."""

    id: int
    name: str
    role: str
    member: bool


@dataclass(frozen=True)
class Access:
    """A collection and who sees it; `members` may be named before it is restricted."""

    id: int
    name: str
    restricted: bool
    members: tuple[str, ...]


def access() -> tuple[Access, ...]:
    """All collections by name, with their members. Two queries."""
    members: dict[int, list[str]] = {}
    rows = session().execute(
        select(CollectionMember.collection_id, User.name)
        .join(User, User.id == CollectionMember.user_id)
        .order_by(User.name)
    )
    for collection_id, name in rows:
        members.setdefault(collection_id, []).append(name)
    found = session().execute(
        select(Collection.id, Collection.name, Collection.restricted).order_by(Collection.name)
    )
    return tuple(
        Access(collection_id, name, restricted, tuple(members.get(collection_id, ())))
        for collection_id, name, restricted in found
    )


def access_to(name: str) -> Access:
    """One collection. Raises NotFoundError."""
    collection_id = find_collection(name).id
    return next(each for each in access() if each.id == collection_id)


def candidates(collection_id: int) -> tuple[Candidate, ...]:
    """All accounts that can sign in, members or not, by name."""
    members = set(
        session().scalars(
            select(CollectionMember.user_id).where(CollectionMember.collection_id == collection_id)
        )
    )
    rows = session().execute(
        select(User.id, User.name, User.role)
        .where(User.deactivated_at.is_(None))
        .order_by(User.name)
    )
    return tuple(Candidate(user_id, name, role, user_id in members) for user_id, name, role in rows)


def save(acting_id: int | None, name: str, member_ids: Ids[int], *, restricted: bool) -> None:
    """Set who sees a collection, from everybody's next request on.

    Who does not see it any more holds no image of its queues. Deactivated members stay. Raises
    NotFoundError for the collection, InvalidError for an account that is not there.
    """
    with transaction() as write:
        # Locked: of two who save at the same moment the later one sees what the other saved.
        collection = write.get_one(
            Collection,
            find_collection(name).id,
            with_for_update={"key_share": True},
            populate_existing=True,
        )
        before = _as_json(write, collection)
        wanted = set(member_ids)
        listed = set(
            write.scalars(select(User.id).where(User.deactivated_at.is_(None)).order_by(User.id))
        )
        if not wanted <= listed:
            raise InvalidError(gettext("There is no such account."))
        there = set(before["members"])
        collection.restricted = restricted
        write.execute(
            delete(CollectionMember).where(
                CollectionMember.collection_id == collection.id,
                CollectionMember.user_id.in_((there & listed) - wanted),
            )
        )
        for user_id in sorted(wanted - there):
            write.add(CollectionMember(collection_id=collection.id, user_id=user_id))
        write.flush()
        end_leases(write, Queue.collection_id == collection.id, unseen())
        audit.record(
            write,
            acting_id,
            "collection.members",
            f"collection:{collection.id}",
            before=before,
            after=_as_json(write, collection),
        )


def _as_json(write: Session, collection: Collection) -> dict[str, Any]:
    members = write.scalars(
        select(CollectionMember.user_id)
        .where(CollectionMember.collection_id == collection.id)
        .order_by(CollectionMember.user_id)
    )
    return {"restricted": collection.restricted, "members": list(members)}
