"""What load balancers and Prometheus are told."""

import pytest
from django.test import Client, override_settings

pytestmark = pytest.mark.django_db


def test_alive_asks_nobody(client: Client, django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        assert client.get("/healthz").content == b"ok"


def test_ready_with_database_and_redis(client: Client) -> None:
    answer = client.get("/readyz").json()
    assert answer == {
        "status": "ready",
        "database": True,
        "redis": True,
        "oldest_event_age": 0.0,
        "paused_handlers": 0,
    }


def test_without_redis_it_is_degraded_but_takes_guests(client: Client) -> None:
    with override_settings(REDIS_URL="unix:///nowhere/valkey.sock"):
        answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"


def test_metrics_name_every_context(client: Client) -> None:
    text = client.get("/metrics").content.decode()
    for context in ("stores", "menus", "orders", "payments", "notifications"):
        assert f'hansang_dead_letters{{context="{context}"}} 0.0' in text
        assert f'hansang_oldest_due_seconds{{context="{context}"}} 0.0' in text


def test_metrics_want_their_token_when_there_is_one(client: Client) -> None:
    with override_settings(METRICS_TOKEN="secret"):
        assert client.get("/metrics").status_code == 403
        assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 403
        assert client.get("/metrics", headers={"Authorization": "Bearer secret"}).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_nothing_can_be_written_there(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405
