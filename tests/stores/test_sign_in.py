"""The staff's door."""

from collections.abc import Callable

import pytest
from django.test import Client

from stores.lockout import LIMIT_PAIR
from stores.models import LoginFailure, Store, User
from tests.factories import PASSWORD, make_membership

SignedIn = Callable[[User], Client]


def sign_in(client: Client, name: str, password: str = PASSWORD, **more: str) -> object:
    return client.post("/staff/login/", {"username": name, "password": password, **more})


def test_the_door_is_readable_and_strict(client: Client, db: None) -> None:
    response = client.get("/staff/login/")
    page = response.content.decode()
    assert response.status_code == 200
    assert "style=" not in page and "<script>" not in page
    assert "script-src 'self';" in response.headers["Content-Security-Policy"]


def test_a_right_password_leads_to_the_only_store(client: Client, store: Store, floor: User) -> None:
    assert sign_in(client, floor.username)["Location"] == "/staff/"  # type: ignore[index]
    assert client.get("/staff/")["Location"] == f"/staff/{store.slug}/"


def test_a_foreign_address_is_no_place_to_go(client: Client, floor: User) -> None:
    response = sign_in(client, floor.username, next="https://evil.example/")
    assert response["Location"] == "/staff/"  # type: ignore[index]


def test_several_stores_are_offered(signed_in: SignedIn, store: Store, floor: User, stranger: User) -> None:
    other = stranger.memberships.get().store
    make_membership(other, "floor", floor)
    page = signed_in(floor).get("/staff/").content.decode()
    assert f"/staff/{store.slug}/" in page and f"/staff/{other.slug}/" in page


def test_without_a_store_a_person_reads_what_to_do(signed_in: SignedIn, stranger: User) -> None:
    stranger.memberships.all().delete()
    response = signed_in(stranger).get("/staff/")
    assert response.status_code == 200
    assert "Ask the owner" in response.content.decode()


def test_signing_out_needs_a_post(signed_in: SignedIn, floor: User) -> None:
    client = signed_in(floor)
    assert client.get("/staff/logout/").status_code == 405
    assert client.post("/staff/logout/")["Location"] == "/staff/login/"
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("name", ["nobody", "\x00", "a" * 5000])
def test_an_unknown_name_reads_like_a_wrong_password(client: Client, db: None, name: str) -> None:
    response = sign_in(client, name)
    assert response.status_code == 200  # type: ignore[attr-defined]


def test_the_door_locks_after_repeated_failures(client: Client, floor: User) -> None:
    for _ in range(LIMIT_PAIR):
        sign_in(client, floor.username, "wrong")
    page = sign_in(client, floor.username).content.decode()  # type: ignore[attr-defined]
    assert "Too many attempts" in page
    assert "_auth_user_id" not in client.session


def test_the_lock_holds_at_the_admins_door_too(client: Client, owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(is_staff=True)
    for _ in range(LIMIT_PAIR):
        client.post("/admin/login/", {"username": owner.username.upper(), "password": "wrong"})
    client.post("/admin/login/", {"username": owner.username, "password": PASSWORD})
    assert "_auth_user_id" not in client.session


def test_another_place_is_not_locked_out(client: Client, floor: User) -> None:
    for _ in range(LIMIT_PAIR):
        sign_in(client, floor.username, "wrong")
    elsewhere = Client(REMOTE_ADDR="203.0.113.9")
    assert sign_in(elsewhere, floor.username).status_code == 302  # type: ignore[attr-defined]


def test_a_right_password_forgets_the_wrong_ones(client: Client, floor: User) -> None:
    for _ in range(LIMIT_PAIR - 1):
        sign_in(client, floor.username, "wrong")
    sign_in(client, floor.username)
    assert not LoginFailure.objects.exists()


@pytest.mark.parametrize("door", ["/staff/login/", "/admin/login/"])
def test_signing_in_gives_a_new_session(client: Client, owner: User, door: str) -> None:
    """Whoever planted a session id before cannot use it afterwards."""
    User.objects.filter(pk=owner.pk).update(is_staff=True)
    session = client.session
    session["planted"] = True
    session.save()
    before = str(session.session_key)
    client.cookies["sessionid"] = before
    answer = client.post(door, {"username": owner.username, "password": PASSWORD})
    assert answer.status_code == 302 and client.cookies["sessionid"].value != before
    thief = Client()
    thief.cookies["sessionid"] = before
    assert "_auth_user_id" not in thief.session
