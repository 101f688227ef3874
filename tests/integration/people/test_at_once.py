"""Two people who do the same at the same moment: one is refused, or both are done, none fails."""

from __future__ import annotations

from functools import partial

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.integration.people.conftest import PASSWORD
from tests.support.at_once import at_once
from tests.support.rows import fill_every_table
from workbench.services import accounts
from workbench.services.accounts import Account
from workbench.services.errors import ConflictError, InvalidError, NotFoundError
from workbench.services.people import membership, resets
from workbench.store.database import session
from workbench.store.people import CollectionMember, PasswordReset, User

TIMES = 5


def test_one_of_several_with_names_that_read_alike_gets_an_account(tables: Flask) -> None:
    for time in range(TIMES):
        names = (f"dora {time}", f"DORA {time}", f"Dora {time}", f"\uff24ora {time}")

        outcomes = at_once(
            tables, *(partial(accounts.add_user, each, PASSWORD, "annotator") for each in names)
        )

        made = [each for each in outcomes if isinstance(each, Account)]
        refused = [each for each in outcomes if isinstance(each, ConflictError)]
        assert (len(made), len(refused)) == (1, 3)
    assert session().scalar(select(func.count()).select_from(User)) == TIMES


def test_of_several_links_for_one_person_the_last_one_holds(tables: Flask, ada: Account) -> None:
    for _ in range(TIMES):
        links = at_once(tables, *(partial(resets.offer, None, ada.id) for _ in range(4)))

        assert session().scalar(select(func.count()).select_from(PasswordReset)) == 1
        good = []
        for each in links:
            try:
                good.append(resets.whose(str(each)))
            except NotFoundError:
                continue
        assert good == ["ada"]


def test_who_sees_a_collection_is_saved_by_several(tables: Flask) -> None:
    fill_every_table()
    people = [accounts.add_user(each, PASSWORD, "annotator").id for each in ("dora", "eve")]
    for _ in range(TIMES):
        membership.save(None, "pictures", [], restricted=True)

        at_once(
            tables,
            *(
                partial(membership.save, None, "pictures", people, restricted=True)
                for _ in range(4)
            ),
        )

        members = select(CollectionMember.user_id).order_by(CollectionMember.user_id)
        assert list(session().scalars(members)) == people


@pytest.mark.parametrize("name", ["\ufdfa" * 6, "x" * 81])
def test_a_name_that_is_too_long_folded_or_not_is_refused(tables: Flask, name: str) -> None:
    with pytest.raises(InvalidError):
        accounts.add_user(name, PASSWORD, "annotator")
