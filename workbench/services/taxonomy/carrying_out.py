"""Carrying out what a preview showed, by the kind of change and the name of the other tag."""

from __future__ import annotations

from workbench.services.taxonomy import operations, previews
from workbench.services.taxonomy.operations import Part


def carry_out(user_id: int, kind: str, tag_id: int, other: str, part: Part, seen: str) -> int:
    """Do what `previews.preview` showed for the same arguments. Returns the change's id.

    `seen` is the basis of that preview. Raises what the operation raises.
    """
    if kind == "split":
        return operations.split(user_id, tag_id, other, part, seen)
    other_id = previews.other_id(kind, other)
    if kind == "merge":
        return operations.merge(user_id, tag_id, other_id or 0, seen)
    if kind == "move":
        return operations.move(user_id, tag_id, other_id, seen)
    if kind == "deprecate":
        return operations.deprecate(user_id, tag_id, other_id, seen)
    if kind == "restore":
        return operations.restore(user_id, tag_id, seen)
    return operations.accept(user_id, tag_id, seen)
