"""What the next page says at its top: that something was saved, and how to take it back."""

from __future__ import annotations

from flask import flash


def saved(text: str, undo: str | None = None, back: str | None = None) -> None:
    """Say that something was saved. Call it after the service has returned, never before.

    `undo` is the address that a POST takes it back at; `back` is where that leads afterwards.
    """
    flash({"text": text, "undo": undo, "back": back}, "saved")  # type: ignore[arg-type]
