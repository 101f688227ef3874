"""Routes are compiled once for all applications of a run of tests, each of which has the same.

Nearly all of the time that an application takes to make goes into the functions by which werkzeug
builds addresses: two for each route, compiled from syntax trees.
"""

from __future__ import annotations

from collections.abc import Callable

from werkzeug.routing import Rule

_Builder = Callable[..., tuple[str, str]]
_compiled: dict[tuple[object, ...], _Builder] = {}
_compile = Rule._compile_builder


def _compile_once(rule: Rule, append_unknown: bool = True) -> _Builder:
    # What is compiled depends on nothing else, unless the rule has defaults: those it converts.
    if rule.defaults:
        return _compile(rule, append_unknown)
    key = (rule.rule, tuple(rule._trace), append_unknown)
    if key not in _compiled:
        _compiled[key] = _compile(rule, append_unknown)
    return _compiled[key]


def compile_once() -> None:
    """Keep what is compiled from here on, in this process."""
    Rule._compile_builder = _compile_once  # type: ignore[method-assign]
