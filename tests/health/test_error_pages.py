"""What a person sees who followed a wrong link."""

import logging

import pytest
from django.test import Client, RequestFactory

from config.errors import bad_request

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/media//etc/passwd", "/media/../manage.py", "/media/%00", "/media/"])
def test_an_address_outside_the_pictures_is_not_there(path: str, caplog: pytest.LogCaptureFixture) -> None:
    answer = Client().get(path)
    assert answer.status_code == 404
    assert b"<h1>" in answer.content
    assert [row for row in caplog.records if row.levelno >= logging.ERROR] == []


def test_a_bad_request_has_a_page_too() -> None:
    answer = bad_request(RequestFactory().get("/t/x/"), Exception("private details"))
    assert answer.status_code == 400
    assert b"<h1>" in answer.content and b"private" not in answer.content
