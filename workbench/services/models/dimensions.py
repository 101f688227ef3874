"""The numbers of a version's distilled dimensions."""

from __future__ import annotations

from flask_babel import gettext

from workbench.services.errors import InvalidError


def check_dimension(dimension: int, dimensions: int) -> None:
    """Raise InvalidError unless a version of so many dimensions has this one."""
    if not dimensions:
        raise InvalidError(gettext("This version has scores alone, and no dimensions."))
    if not 0 <= dimension < dimensions:
        raise InvalidError(
            gettext("Dimensions of this version are 0 to %(last)s.", last=dimensions - 1)
        )
