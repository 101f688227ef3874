"""Numbers of dimensions are refused with those that there are."""

from __future__ import annotations

import pytest

from workbench.services.errors import InvalidError
from workbench.services.models.dimensions import check_dimension


@pytest.mark.parametrize("number", [-1, 3])
def test_a_dimension_that_a_version_has_not_is_refused_with_those_it_has(number: int) -> None:
    check_dimension(2, 3)
    with pytest.raises(InvalidError, match="Dimensions of this version are 0 to 2"):
        check_dimension(number, 3)


def test_a_version_with_scores_alone_has_no_dimension_to_name() -> None:
    with pytest.raises(InvalidError, match="scores alone, and no dimensions"):
        check_dimension(0, 0)
