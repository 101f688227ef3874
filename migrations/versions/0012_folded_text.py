"""Text is searched and compared folded, on every database alike; tags can leave the taxonomy.

Revision: 0012
After: 0011

Tags whose names differ only in how they were typed become one: the oldest stays, with all that the
others are on. A name is free again when its tag is withdrawn.
"""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_STANDING = sa.text("withdrawn_at is null")
_TAG = sa.table(
    "tag",
    sa.column("id", sa.Integer),
    sa.column("name", sa.String),
    sa.column("folded_name", sa.String),
    sa.column("description", sa.Text),
    sa.column("withdrawn_at", _MOMENT),
)
_TAGGING = sa.table(
    "tagging",
    sa.column("id", sa.Integer),
    sa.column("tag_id", sa.Integer),
    sa.column("pattern_id", sa.Integer),
    sa.column("pixel_group_id", sa.Integer),
    sa.column("withdrawn_at", _MOMENT),
)
_CHECK = sa.table("tag_check", sa.column("tagging_id", sa.Integer))
_AUDIT = sa.table(
    "audit_event",
    sa.column("action", sa.String),
    sa.column("subject", sa.String),
    sa.column("detail", sa.JSON),
    sa.column("at", _MOMENT),
)
_TEXTS = (("verdict", "reason"), ("counterfactual_note", "text"))
_CHUNK = 5000


def upgrade() -> None:
    connection = op.get_bind()
    with op.batch_alter_table("tag") as batch:
        batch.add_column(sa.Column("withdrawn_at", _MOMENT, nullable=True))
        batch.drop_constraint("uq_tag_name", type_="unique")
        batch.drop_constraint("uq_tag_folded_name", type_="unique")
    _fold_tags(connection)
    op.create_index(
        "uq_tag_standing_folded_name",
        "tag",
        ["folded_name"],
        unique=True,
        sqlite_where=_STANDING,
        postgresql_where=_STANDING,
    )
    for table, column in _TEXTS:
        op.add_column(
            table, sa.Column(f"folded_{column}", sa.Text(), nullable=False, server_default="")
        )
        _fold_texts(connection, table, column)


def downgrade() -> None:
    for table, column in _TEXTS:
        op.drop_column(table, f"folded_{column}")
    op.drop_index("uq_tag_standing_folded_name", table_name="tag")
    _free_withdrawn_names(op.get_bind())
    with op.batch_alter_table("tag") as batch:
        batch.drop_column("withdrawn_at")
        batch.create_unique_constraint("uq_tag_name", ["name"])
        batch.create_unique_constraint("uq_tag_folded_name", ["folded_name"])


def _fold_tags(connection: sa.Connection) -> None:
    kept: dict[str, sa.Row[tuple[int, str, str]]] = {}
    columns = _TAG.c
    rows = connection.execute(
        sa.select(columns.id, columns.name, columns.description).order_by(columns.id)
    )
    for tag in rows.all():
        folded = _folded(tag.name)[:80]  # what the column holds
        first = kept.setdefault(folded, tag)
        connection.execute(
            _TAG.update()
            .where(columns.id == tag.id)
            .values(
                name=unicodedata.normalize("NFC", tag.name),
                folded_name=folded,
                description=unicodedata.normalize("NFC", tag.description),
            )
        )
        if first is not tag:
            _merge(connection, tag, first.id)


def _merge(connection: sa.Connection, tag: sa.Row[tuple[int, str, str]], into: int) -> None:
    now = datetime.now(UTC)
    taggings = _TAGGING.c
    other = _TAGGING.alias("other")
    same = sa.or_(
        taggings.pattern_id == other.c.pattern_id,
        taggings.pixel_group_id == other.c.pixel_group_id,
    )
    doubled = connection.execute(
        sa.select(taggings.id, other.c.id).where(
            taggings.tag_id == tag.id,
            other.c.tag_id == into,
            same,
            taggings.withdrawn_at.is_(None),
            other.c.withdrawn_at.is_(None),
        )
    )
    for own, stays in doubled.all():
        connection.execute(
            _CHECK.update().where(_CHECK.c.tagging_id == own).values(tagging_id=stays)
        )
        connection.execute(_TAGGING.update().where(taggings.id == own).values(withdrawn_at=now))
    connection.execute(_TAGGING.update().where(taggings.tag_id == tag.id).values(tag_id=into))
    stays = connection.execute(sa.select(_TAG.c.description).where(_TAG.c.id == into)).scalar_one()
    words = [each for each in (stays, unicodedata.normalize("NFC", tag.description)) if each]
    connection.execute(
        _TAG.update().where(_TAG.c.id == into).values(description="\n".join(dict.fromkeys(words)))
    )
    connection.execute(_TAG.update().where(_TAG.c.id == tag.id).values(withdrawn_at=now))
    connection.execute(
        _AUDIT.insert().values(
            action="tag.merge",
            subject=f"tag:{tag.id}",
            detail={"tag": tag.name, "into": into},
            at=now,
        )
    )


def _fold_texts(connection: sa.Connection, table: str, column: str) -> None:
    texts = sa.table(
        table,
        sa.column("id", sa.Integer),
        sa.column(column, sa.Text),
        sa.column(f"folded_{column}", sa.Text),
    )
    some = sa.select(texts.c.id, texts.c[column]).order_by(texts.c.id).limit(_CHUNK)
    written = texts.c[column] != ""
    change = (
        texts.update()
        .where(texts.c.id == sa.bindparam("of"))
        .values({f"folded_{column}": sa.bindparam("folded")})
    )
    last = 0
    while rows := connection.execute(some.where(texts.c.id > last, written)).all():
        connection.execute(
            change, [{"of": row_id, "folded": _folded(text)} for row_id, text in rows]
        )
        last = rows[-1][0]


def _free_withdrawn_names(connection: sa.Connection) -> None:
    """Before a name was one tag's for good: what bore a withdrawn one goes to the one that has it.

    Where none has, the oldest withdrawn one comes back, with what bore the others.
    """
    columns = _TAG.c
    rows = connection.execute(
        sa.select(columns.id, columns.name, columns.folded_name).order_by(
            columns.withdrawn_at.is_not(None), columns.id
        )
    )
    kept: dict[str, int] = {}
    for tag_id, name, folded in rows.all():
        into = kept.setdefault(folded, tag_id)
        if into == tag_id:
            connection.execute(
                _TAG.update().where(columns.id == tag_id).values(folded_name=name.casefold())
            )
            continue
        connection.execute(_TAGGING.update().where(_TAGGING.c.tag_id == tag_id).values(tag_id=into))
        connection.execute(_TAG.delete().where(columns.id == tag_id))


_INVISIBLE = frozenset(
    map(
        chr,
        (
            *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2800),
            *range(0xFE00, 0xFE10),
            *range(0xE0100, 0xE01F0),
        ),
    )
)


def _folded(text: str) -> str:
    """Fold a text as `workbench.store.folding` did when this was written."""
    text = unicodedata.normalize("NFD", text)
    for _ in range(2):
        text = unicodedata.normalize("NFKC", text.casefold())
    shown = "".join(
        sign for sign in text if sign not in _INVISIBLE and unicodedata.category(sign) != "Cf"
    )
    return " ".join(unicodedata.normalize("NFKC", shown).split())
