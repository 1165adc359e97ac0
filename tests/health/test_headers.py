"""What every answer says about keeping it, and what a stale form is answered with."""

import pytest
from django.test import Client

from tests.factories import make_membership, make_store


@pytest.mark.parametrize("role", ["owner", "kitchen"])
def test_answers_about_a_store_are_kept_by_nobody(client: Client, db: None, role: str) -> None:
    store = make_store()
    client.force_login(make_membership(store, role).user)
    for path in (f"/api/v1/stores/{store.pk}/board/", "/staff/login/", "/api/v1/t/no-such-table/bill/"):
        assert "no-store" in client.get(path).headers["Cache-Control"]


def test_a_form_without_its_token_gets_our_own_page(db: None) -> None:
    response = Client(enforce_csrf_checks=True).post("/language/", {"language": "ko"})
    assert response.status_code == 403
    page = response.content.decode()
    assert "This page has grown old" in page
    assert "<style>" not in page
