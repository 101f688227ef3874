"""What becomes of webhooks when collections are removed."""

from __future__ import annotations

from sqlalchemy import select

from tests.integration.webhooks.conftest import deliveries, read_log
from tests.integration.webhooks.test_delivering import decide
from tests.support.receiver import Receiver
from workbench.config import Settings
from workbench.services.people import membership
from workbench.services.removal.collections import remove_collection
from workbench.services.webhooks import administration, listed
from workbench.services.webhooks.administration import Wanted
from workbench.services.webhooks.event_types import ALL
from workbench.services.webhooks.removal import sweep
from workbench.store.database import session
from workbench.store.webhooks import Webhook


def test_a_webhook_of_one_collection_goes_with_it_and_the_others_are_told(
    tables: object, receiver: Receiver, sending_settings: Settings
) -> None:
    collection_id, _ = decide()
    for name, scope in (("open", None), ("one", collection_id)):
        administration.make(None, Wanted(name, receiver.url, ALL, scope), sending_settings)
    administration.test(2)

    remove_collection("many", None, sending_settings)

    assert [each.name for each in listed.webhooks()] == ["open"]
    withdrawn = session().scalars(select(Webhook).where(Webhook.withdrawn_at.is_not(None))).one()
    assert (withdrawn.url, withdrawn.salt, withdrawn.collection_id) == ("", "", None)
    read_log()
    sweep()
    assert session().scalars(select(Webhook.name)).all() == ["open"]
    assert ["collection.remove" in each.body for each in deliveries()] == [True]


def test_the_removal_of_a_restricted_collection_is_told_as_it_was(
    tables: object, receiver: Receiver, sending_settings: Settings
) -> None:
    decide()
    membership.save(None, "many", [], restricted=True)
    for name, restricted in (("open", False), ("all", True)):
        wanted = Wanted(name, receiver.url, ALL, restricted=restricted)
        administration.make(None, wanted, sending_settings)

    remove_collection("many", None, sending_settings)
    read_log()

    assert [each.webhook_id for each in deliveries()] == [2]
