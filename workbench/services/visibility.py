"""Which collections the person at a request sees: the one place that says it (ADR 62).

Pages are asked for by somebody; the worker and the command line by nobody, who sees all.
"""

from __future__ import annotations

from contextvars import ContextVar, Token
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, String, cast, exists, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, aliased

from workbench.services.roles import ADMIN
from workbench.store.database import session
from workbench.store.images import Collection
from workbench.store.people import CollectionMember, User

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
    return frozenset(map(int, restricted.split(",")))


def not_a_member() -> ScalarSelect[str]:
    """The restricted collections that a selected `User` is no member of: ids with commas between.

    A part of the query that finds the account, so that it costs no query of its own.
    """
    member = (
        exists()
        .where(CollectionMember.collection_id == Collection.id, CollectionMember.user_id == User.id)
        .correlate(Collection, User)
    )
    return (
        select(func.aggregate_strings(cast(Collection.id, String), ","))
        .where(Collection.restricted, ~member)
        .correlate(User)
        .scalar_subquery()
    )


def hidden_from_strangers() -> frozenset[int]:
    """The collections that nobody sees who has not signed in: all restricted ones."""
    return frozenset(session().scalars(select(Collection.id).where(Collection.restricted)))


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
