"""Audit events say what they concern, and what was before and after; nobody changes them.

Revision: 0038
After: 0037

A later migration that has to change events drops the triggers first, and makes them again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_CONCERNED = ("image_id", "tag_id", "collection_id", "version_id")
_INDEXED = ("image_id", "tag_id", "user_id", "collection_id")
_OF_IMAGE = "(select i.collection_id from image i where i.id = audit_event.image_id)"
_MADE = "('verdict.give', 'tag.add', 'tag.check', 'tag.take_off', 'tag.create')"
_DESCRIBED = "action = 'tag.describe'"


def upgrade() -> None:
    for name in (*_CONCERNED, "undoes_id"):
        op.add_column("audit_event", sa.Column(name, sa.Integer(), nullable=True))
    for name in ("before", "after"):
        op.add_column("audit_event", sa.Column(name, sa.JSON(), nullable=True))
    _say_what_it_concerns()
    _say_before_and_after()
    op.drop_index(op.f("ix_audit_event_subject"), table_name="audit_event")
    for name in (*_INDEXED, "subject"):
        op.create_index(f"ix_audit_event_{name}", "audit_event", [name, "id"])
    op.create_index("uq_audit_event_undoes_id", "audit_event", ["undoes_id"], unique=True)
    _refuse_changes()


def _say_what_it_concerns() -> None:
    for kind, column in (
        ("image", "image_id"),
        ("tag", "tag_id"),
        ("collection", "collection_id"),
        ("version", "version_id"),
    ):
        _set(kind, **{column: _number(kind)})
    for kind, table in (("verdict", "verdict"), ("note", "counterfactual_note")):
        _set(
            kind,
            image_id=_from(table, "image_id", kind),
            version_id=_from(table, "version_id", kind),
        )
    pattern = "(select p.version_id from pattern p where p.id = {})"
    tagging = "(select t.tag_id from tagging t where t.id = {})"
    region = "(select r.image_id from region r where r.id = {})"
    _set(
        "tagging",
        tag_id=_from("tagging", "tag_id", "tagging"),
        image_id=region.format(_from("tagging", "region_id", "tagging")),
        version_id=pattern.format(_from("tagging", "pattern_id", "tagging")),
    )
    _set(
        "tag_check",
        tag_id=tagging.format(_from("tag_check", "tagging_id", "tag_check")),
        image_id=region.format(_from("tag_check", "region_id", "tag_check")),
    )
    op.execute(
        f"update audit_event set collection_id = {_OF_IMAGE} "  # noqa: S608 - names of tables and columns
        "where image_id is not null"
    )
    op.execute(
        "update audit_event set collection_id = (select v.collection_id from model_version v "
        "where v.id = audit_event.version_id) "
        "where collection_id is null and version_id is not null"
    )


def _set(kind: str, **columns: str) -> None:
    values = ", ".join(f"{column} = {value}" for column, value in columns.items())
    op.execute(f"update audit_event set {values} where subject like '{kind}:%'")  # noqa: S608 - names of tables and columns


def _number(kind: str) -> str:
    return f"cast(substr(audit_event.subject, {len(kind) + 2}) as integer)"


def _from(table: str, column: str, kind: str) -> str:
    return f"(select x.{column} from {table} x where x.id = {_number(kind)})"  # noqa: S608 - names of tables and columns


def _say_before_and_after() -> None:
    op.execute(f"update audit_event set after = detail where action in {_MADE}")  # noqa: S608 - names of actions
    before, after = (
        (f"json_extract(detail, '$.{name}')" for name in ("before", "after"))
        if _on_sqlite()
        else (f"detail->'{name}'" for name in ("before", "after"))
    )
    op.execute(f"update audit_event set before = {before}, after = {after} where {_DESCRIBED}")  # noqa: S608 - names of columns


def _refuse_changes() -> None:
    if _on_sqlite():
        for verb in ("update", "delete"):
            op.execute(
                f"create trigger audit_event_no_{verb} before {verb} on audit_event "
                "begin select raise(abort, 'audit events are written once'); end"
            )
        return
    op.execute(
        "create function audit_event_refuse() returns trigger language plpgsql as "
        "$$ begin raise exception 'audit events are written once'; end $$"
    )
    for verb, each in (("update", "row"), ("delete", "row"), ("truncate", "statement")):
        op.execute(
            f"create trigger audit_event_no_{verb} before {verb} on audit_event "
            f"for each {each} execute function audit_event_refuse()"
        )


def _allow_changes() -> None:
    if _on_sqlite():
        for verb in ("update", "delete"):
            op.execute(f"drop trigger audit_event_no_{verb}")
        return
    op.execute("drop function audit_event_refuse() cascade")


def _on_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def downgrade() -> None:
    """Keep what was before and after as the detail; forget what events undo."""
    _allow_changes()
    op.execute(
        f"update audit_event set detail = after where action in {_MADE} and after is not null"  # noqa: S608 - names of actions
    )
    both = (
        "json_object('before', json(before), 'after', json(after))"
        if _on_sqlite()
        else "json_build_object('before', before, 'after', after)"
    )
    op.execute(f"update audit_event set detail = {both} where {_DESCRIBED} and after is not null")  # noqa: S608 - names of columns
    op.drop_index("uq_audit_event_undoes_id", table_name="audit_event")
    for name in (*_INDEXED, "subject"):
        op.drop_index(f"ix_audit_event_{name}", table_name="audit_event")
    with op.batch_alter_table("audit_event") as table:
        for name in (*_CONCERNED, "undoes_id", "before", "after"):
            table.drop_column(name)
    op.create_index(op.f("ix_audit_event_subject"), "audit_event", ["subject"])
