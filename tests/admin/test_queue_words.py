"""The queue's pages say nothing that is not so."""

import pytest
from django.test import Client

from events.models import DeliveryStatus
from stores.models import Store
from tests.admin.conftest import at, make_delivery
from tests.admin.test_queue_page import PAGE, text_of
from tests.factories import make_store


def test_what_did_not_happen_yet_is_not_said_to_have_happened(boss: Client, store: Store) -> None:
    make_delivery(store, DeliveryStatus.HELD, stream="order:2")
    assert "What is paused waits until somebody resumes it." in text_of(boss)
    make_delivery(store, DeliveryStatus.PENDING, attempts=2)
    assert "what failed is tried again by itself" in text_of(boss)


@pytest.mark.parametrize("path", [PAGE, "/admin/queue/steps/", "/admin/queue/replay/", "/admin/snapshots/"])
def test_one_tab_is_marked(platform: Client, store: Store, path: str) -> None:
    tabs = text_of(platform, path).partition('id="tabs-items"')[2].partition("</nav>")[0]
    assert tabs.count('class="active"') == 1


def test_who_may_not_pause_is_not_offered_it(boss: Client, store: Store) -> None:
    make_store()
    assert "Pause a step" not in text_of(boss)


def test_a_step_that_is_well_is_not_said_to_have_failed(platform: Client, store: Store) -> None:
    assert "If it does not happen: The board did not ring for an order." in text_of(
        platform, "/admin/queue/steps/"
    )


def test_a_rows_page_is_headed_by_words(boss: Client, store: Store) -> None:
    row = make_delivery(store)
    for path in (f"delivery/{row.pk}", f"event/{row.event_id}"):
        text = text_of(boss, at(f"/admin/events/{path}/change/"))
        head = text.partition("<main")[0].partition('id="content"')[0]
        assert f"← {row.event_id}" not in text and f"{row.event.topic} {row.stream}" not in text
        assert str(row if path.startswith("delivery") else row.event) in head
