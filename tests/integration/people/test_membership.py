"""What is of a restricted collection is found by its members and by admins, and by nobody else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask, g
from sqlalchemy import select
from werkzeug.routing import Rule

from tests.integration.people.conftest import PASSWORD, Browser
from tests.integration.web.test_rules import KNOWN
from workbench.services import accounts, visibility
from workbench.services.accounts import Account
from workbench.services.errors import InvalidError, NotFoundError
from workbench.services.people import membership, objects
from workbench.services.review import tags, verdicts
from workbench.services.taxonomy import examples
from workbench.services.workspaces import Workspace, collections
from workbench.store.database import session, transaction
from workbench.store.images import Collection, Image
from workbench.store.judgements import Tag, TaggedRegion, Tagging
from workbench.store.people import AuditEvent, User
from workbench.store.regions import Region
from workbench.store.results import PixelGroup
from workbench.web.site.limits import limiter
from workbench.web.site.problems import API

ROLES_BELOW_ADMIN = ("annotator", "reviewer", "developer")


def id_of(name: str) -> object:
    """An id that a route's argument of this name can have."""
    if name == "name":
        return "pictures"
    if name == "event_id":
        of_it = select(AuditEvent.id).where(AuditEvent.collection_id.is_not(None))
        return session().scalars(of_it.order_by(AuditEvent.id.desc())).first()
    return 1


def of_collections(app: Flask) -> list[tuple[Rule, str, str]]:
    """Every route that names something of a collection, with an address and a method.

    But for those of programs, which ask with a token: `test_hidden_or_absent.py` does.
    """
    found = []
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(API) or not rule.arguments & objects.COLLECTION_OF.keys():
            continue
        values = {each: KNOWN.get(each, 1) for each in rule.arguments}
        values |= {each: id_of(each) for each in rule.arguments & objects.COLLECTION_OF.keys()}
        if rule.endpoint == "exports.picture":
            values["kind"] = "svg"
        with app.test_request_context():
            url = str(app.url_for(rule.endpoint, **values))
        methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        found.extend((rule, url, method) for method in methods)
    return found


def test_every_name_that_an_address_has_is_known_to_be_of_a_collection_or_of_none(
    app: Flask,
) -> None:
    named = {each for rule in app.url_map.iter_rules() for each in rule.arguments}
    unknown = named - objects.COLLECTION_OF.keys() - objects.OF_NO_COLLECTION

    assert unknown == set(), "services/people/objects.py has to say whose they are"


def test_every_id_leads_to_its_collection(filled: Flask) -> None:
    collection_id = session().scalars(select(Collection.id)).one()

    for name, find in objects.COLLECTION_OF.items():
        found = set(session().scalars(find(id_of(name))))
        assert found - {None} == {collection_id}, name


def test_a_tag_on_a_selection_is_hidden_where_one_of_its_regions_is(filled: Flask) -> None:
    hidden = session().scalars(select(Image)).one()
    tag, ada = session().scalars(select(Tag.id)).one(), session().scalars(select(User.id)).one()
    copied = {
        each.name: getattr(hidden, each.name)
        for each in Image.__table__.columns
        if each.name not in ("id", "collection_id")
    }
    with transaction() as write:
        others = Collection(name="others")
        write.add(others)
        write.flush()
        seen = Image(**copied, collection_id=others.id)
        write.add(seen)
        write.flush()
        regions = [
            Region(image_id=each, rle="7", left=0, top=0, width=1, height=1, area=1)
            for each in (seen.id, hidden.id)
        ]
        tagging = Tagging(tag_id=tag, user_id=ada)
        write.add_all([*regions, tagging])
        write.flush()
        tagged = [TaggedRegion(tagging_id=tagging.id, region_id=each.id) for each in regions]
        write.add_all(tagged)
        tagging_id, hidden_id = tagging.id, hidden.collection_id

    token = visibility.hide(frozenset({hidden_id}))
    try:
        with pytest.raises(NotFoundError):
            objects.require_visible({"tagging_id": tagging_id})
    finally:
        visibility.see_all_again(token)


@pytest.mark.parametrize("role", [None, *ROLES_BELOW_ADMIN])
def test_nothing_of_it_is_found_by_who_is_no_member(filled: Flask, role: str | None) -> None:
    browser = Browser(filled)
    if role:
        browser.sign_in(accounts.add_user("eve", PASSWORD, role))
    walked = of_collections(filled)
    found = []
    for rule, url, method in walked:
        limiter.reset()
        status = browser.client.open(url, method=method).status_code
        g.pop("_login_user", None)
        if status != 404:
            found.append((method, rule.rule, status))

    assert len(walked) > 50
    assert found == []


def test_a_member_and_an_admin_get_past_it(filled: Flask, cleo: Account) -> None:
    eve = accounts.add_user("eve", PASSWORD, "annotator")
    member, admin = Browser(filled).sign_in(eve), Browser(filled).sign_in(cleo)
    assert member.get("/c/pictures/models").status_code == 404
    assert admin.get("/c/pictures/members").status_code == 200

    membership.save(cleo.id, "pictures", [cleo.id], restricted=True)
    assert member.get("/c/pictures/models").status_code == 404, "another one is a member"
    membership.save(cleo.id, "pictures", [eve.id], restricted=True)
    assert member.get("/c/pictures/models").status_code != 404
    assert "pictures" in member.get("/").text

    membership.save(cleo.id, "pictures", [], restricted=True)
    assert member.get("/c/pictures/models").status_code == 404, "from the next request on"
    assert "pictures" not in member.get("/").text
    assert [each.name for each in collections()] == ["pictures"], "commands see all"


def test_who_sees_a_collection_is_saved_and_recorded(filled: Flask, cleo: Account) -> None:
    admin = Browser(filled).sign_in(cleo)
    page = admin.get("/c/pictures/members")
    assert page.status_code == 200
    ada = session().scalars(select(User.id).where(User.name == "ada")).one()

    saved = admin.post("/c/pictures/members", seen_by="members", member=[ada, cleo.id])

    assert saved.status_code == 303
    assert membership.access_to("pictures").members == ("ada", "cleo")
    event = session().scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert event is not None
    assert (event.action, event.user_id) == ("collection.members", cleo.id)
    assert event.before == {"restricted": True, "members": []}
    assert event.after == {"restricted": True, "members": [ada, cleo.id]}
    assert admin.post("/c/pictures/members", seen_by="members", member="x").status_code == 422
    assert admin.post("/c/pictures/members", seen_by="nobody").status_code == 422
    with pytest.raises(InvalidError):
        membership.save(cleo.id, "pictures", [999], restricted=True)
    assert admin.post("/c/pictures/members", seen_by="everybody").status_code == 303
    assert not membership.access_to("pictures").restricted


@pytest.mark.analysed
def test_pages_across_collections_show_and_count_nothing_of_it(
    browser: Callable[[], Browser], analysed: Workspace, version_id: int, ben: Account, ada: Account
) -> None:
    group, image = (
        session()
        .execute(
            select(PixelGroup.id, PixelGroup.image_id).where(PixelGroup.version_id == version_id)
        )
        .first()
    ) or (0, 0)
    tags.tag_group(ada.id, group, "glare")
    verdicts.give_verdict(ada.id, image, version_id, "fake")
    tag = session().scalars(select(Tag.id).where(Tag.name == "glare")).one()
    examples.add(ada.id, tag, group, positive=True)
    name = session().get_one(Image, image).name
    reader = browser().sign_in(ben)
    before = {
        url: reader.get(url).text
        for url in ("/", "/taxonomy", f"/taxonomy/{tag}", f"/people/{ada.id}/history")
    }
    assert f"/groups/{group}/crop" in before[f"/taxonomy/{tag}"]
    assert name in before[f"/people/{ada.id}/history"]

    membership.save(None, "pictures", [ada.id], restricted=True)

    for url in before:
        page = reader.get(url)
        assert page.status_code == 200, url
        assert f"/groups/{group}/crop" not in page.text, url
        assert "/c/pictures/" not in page.text, url
        assert f"/images/{image}" not in page.text, url
    export = reader.get(f"/history/export?person={ada.id}&format=jsonl").text
    assert '"verdict.give"' not in export
    assert reader.get("/taxonomy?collection=pictures").status_code == 404
    assert reader.post(f"/taxonomy/{tag}/examples", positive=group).status_code == 404
    assert reader.post(f"/c/others/images/{image}/verdicts", decision="fake").status_code == 404
    assert "pictures" in browser().sign_in(ada).get("/").text
