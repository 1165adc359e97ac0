"""Signed-in browsers."""

from collections.abc import Callable

import pytest
from django.test import Client

from stores.models import User


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """signed_in(user) -> a client with that person's session."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in
