"""Who gets to the staff's board."""

from django.test import Client

from tests.factories import make_membership
from tests.orders.conftest import Restaurant


def test_members_only(restaurant: Restaurant) -> None:
    path = f"/staff/{restaurant.store.slug}/"
    visitor, member, stranger = Client(), Client(), Client()
    member.force_login(make_membership(restaurant.store, "kitchen").user)
    stranger.force_login(make_membership(Restaurant().store).user)
    assert visitor.get(path)["Location"].startswith("/staff/login/")
    assert stranger.get(path).status_code == 403
    page = member.get(path)
    assert page.status_code == 200 and "csrftoken" in page.cookies
    assert member.get("/staff/no-such-store/").status_code == 404
