"""What the next page says at its top: what was saved with its undo, or that nothing had to be."""

from __future__ import annotations

from flask import flash


def saved(text: str, undo: str | None = None, back: str | None = None) -> None:
    """Say that something was saved. Call it after the service has returned, never before.

    `undo` is the address that a POST takes it back at; `back` is where that leads afterwards.
    """
    _say(text, undo, back)


def told(text: str) -> None:
    """Say how something stands that did not have to be changed."""
    _say(text)


def _say(text: str, undo: str | None = None, back: str | None = None) -> None:
    flash({"text": text, "undo": undo, "back": back}, "saved")  # type: ignore[arg-type]
