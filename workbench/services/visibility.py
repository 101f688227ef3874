"""Which collections the person at a request sees: the one place that says it (ADR 62).

Pages are asked for by somebody; the worker and the command line by nobody, who sees all.
"""

from __future__ import annotations

from contextvars import ContextVar, Token
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, cast, exists, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, aliased

from workbench.services.roles import ADMIN
from workbench.store.database import session
from workbench.store.images import Collection
from workbench.store.people import CollectionMember, User
from workbench.store.removals import Removal

_hidden: ContextVar[frozenset[int]] = ContextVar("hidden_collections", default=frozenset())


def hide(collection_ids: frozenset[int]) -> Token[frozenset[int]]:
    """Let these collections not be there for the rest of this context, until `see_all_again`."""
    return _hidden.set(collection_ids)


def see_all_again(token: Token[frozenset[int]]) -> None:
    """End what `hide` began."""
    _hidden.reset(token)


def hides_any() -> bool:
    """Whether there is a collection that is not seen."""
    return bool(_hidden.get())


def sees(collection_id: int | None) -> bool:
    """Whether a collection is seen, or what belongs to none."""
    return collection_id not in _hidden.get()


def visible(column: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """The condition that a column of collections' ids names one that is seen, or none."""
    hidden = _hidden.get()
    return column.not_in(hidden) | column.is_(None) if hidden else true()


def visible_name(column: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """The same of a column of collections' names."""
    hidden = _hidden.get()
    if not hidden:
        return true()
    return column.not_in(select(Collection.name).where(Collection.id.in_(hidden)))


def hidden_from(role: str, restricted: str | None) -> frozenset[int]:
    """The collections that an account does not see, by what `not_a_member` found."""
    if role == ADMIN or not restricted:
        return frozenset()
    return frozenset(int(each) for each in restricted.split(",") if each)


def not_a_member() -> ColumnElement[str]:
    """The restricted collections that a selected `User` is no member of: ids with commas between.

    With those that are gone: what is told of them stays hidden. A part of the query that finds the
    account, so that it costs no query of its own.
    """
    member = (
        exists()
        .where(CollectionMember.collection_id == Collection.id, CollectionMember.user_id == User.id)
        .correlate(Collection, User)
    )
    hidden = select(_joined(Collection.id)).where(Collection.restricted, ~member).correlate(User)
    gone = select(_joined(Removal.subject_id)).where(_was_restricted())
    return _or_nothing(hidden) + "," + _or_nothing(gone)


def hidden_from_strangers() -> frozenset[int]:
    """The collections that nobody sees who has not signed in: all restricted ones."""
    hidden = select(Collection.id).where(Collection.restricted)
    gone = select(Removal.subject_id).where(_was_restricted())
    return frozenset(session().scalars(hidden.union_all(gone)))


def _was_restricted() -> ColumnElement[bool]:
    """Whether a removal is of a restricted collection that is gone, and its id nobody else's."""
    there = exists().where(Collection.id == Removal.subject_id).correlate(Removal)
    return and_(Removal.kind == "collection", Removal.restricted, ~there)


def _joined(ids: InstrumentedAttribute[int]) -> ColumnElement[str]:
    return func.aggregate_strings(cast(ids, String), ",")


def _or_nothing(ids: Select[tuple[str]]) -> ColumnElement[str]:
    return func.coalesce(ids.scalar_subquery(), "")


def seen_by(
    user_id: int | InstrumentedAttribute[int], collection_id: int | InstrumentedAttribute[int]
) -> ColumnElement[bool]:
    """The condition that an account sees a collection, whoever asks: as a member, or as all do."""
    collection, member, user = aliased(Collection), aliased(CollectionMember), aliased(User)
    return or_(
        exists()
        .where(collection.id == collection_id, ~collection.restricted)
        .correlate_except(collection),
        exists()
        .where(member.collection_id == collection_id, member.user_id == user_id)
        .correlate_except(member),
        exists().where(user.id == user_id, user.role == ADMIN).correlate_except(user),
    )
