"""Many ids go to the database as one parameter."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from workbench.store.database import session
from workbench.store.id_lists import listed


@pytest.mark.parametrize("ids", [[], [7], [3, 1, 3], list(range(100_000))])
def test_a_list_of_ids_is_read_as_it_was_given(app: Flask, ids: list[int]) -> None:
    with app.app_context():
        assert session().scalars(select(listed(session(), ids))).all() == ids
