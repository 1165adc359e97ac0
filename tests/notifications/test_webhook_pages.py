"""The owner's pages of outgoing webhooks."""

from typing import Any

import pytest
from django.test import Client

from events.kernel.sealing import seal
from notifications.webhooks import services
from notifications.webhooks.models import AddressState, WebhookAddress, WebhookMessage
from stores.models import Role, Store
from tests.admin.conftest import admitted, signed_in
from tests.factories import make_store
from tests.notifications.receiver import Receiver

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loopback")]
LIST = "/admin/notifications/webhookaddress/"


@pytest.fixture
def boss(store: Store) -> Client:
    return signed_in(admitted(store))


def register(store: Store, url: str) -> WebhookAddress:
    return services.register_address(store_id=store.pk, url=url, topics=["call.raised"])[0]


def fill_in(store: Store, url: str, **changes: Any) -> dict[str, Any]:
    return {"store": str(store.pk), "url": url, "description": "Till", "topics": ["call.raised"], **changes}


def test_an_owner_adds_an_address_and_reads_its_secret_once(
    boss: Client, store: Store, outside: Receiver
) -> None:
    answer = boss.post(f"{LIST}add/", fill_in(store, outside.url), follow=True)
    address = WebhookAddress.objects.get()
    [secret] = address.secrets_at(address.created_at)
    assert secret in answer.content.decode()
    assert (address.store_id, address.topics) == (store.pk, ["call.raised"])
    assert address.created_by
    for page in (LIST, f"{LIST}{address.pk}/change/"):
        assert secret not in boss.get(page).content.decode()


@pytest.mark.parametrize(
    "url",
    ["https://10.0.0.5/", "https://169.254.169.254/latest/", "ftp://example.com/", "https://a:b@x.org/"],
)
def test_a_forbidden_address_is_refused_in_the_form(boss: Client, store: Store, url: str) -> None:
    answer = boss.post(f"{LIST}add/", fill_in(store, url))
    assert answer.status_code == 200 and answer.context["errors"]
    assert not WebhookAddress.objects.exists()


def test_an_address_cannot_be_added_to_a_foreign_store(boss: Client, store: Store, outside: Receiver) -> None:
    boss.post(f"{LIST}add/", fill_in(make_store(), outside.url))
    assert not WebhookAddress.objects.exists()


def test_an_owner_changes_address_and_events(boss: Client, store: Store, outside: Receiver) -> None:
    address = register(store, "https://example.com/")
    wanted = fill_in(store, outside.url, topics=["bill.paid", "order.served"])
    assert boss.post(f"{LIST}{address.pk}/change/", wanted).status_code == 302
    address.refresh_from_db()
    assert (address.url, address.topics) == (outside.url, ["bill.paid", "order.served"])


def test_the_test_button_shows_the_answer(boss: Client, store: Store, outside: Receiver) -> None:
    address = register(store, outside.url)
    outside.answers = [(200, b"thank you"), (500, b"<b>broken</b>")]
    path = f"{LIST}{address.pk}/send_test/"
    form = {"_form_submitted": "on"}
    said = boss.post(path, form, follow=True).content.decode()
    assert "thank you" in said
    said = boss.post(path, form, follow=True).content.decode()
    assert "500 &lt;b&gt;broken" in said and "<b>broken" not in said
    assert WebhookMessage.objects.count() == len(outside.calls) == 2


def test_the_test_button_says_that_the_secret_was_lost(boss: Client, store: Store, outside: Receiver) -> None:
    address = register(store, outside.url)
    WebhookAddress.objects.update(secret_sealed=seal("another purpose", {"secret": "x"}))
    answer = boss.post(f"{LIST}{address.pk}/send_test/", {"_form_submitted": "on"}, follow=True)
    assert answer.status_code == 200 and "can no longer be read" in answer.content.decode()
    assert outside.calls == [] and not WebhookMessage.objects.exists()


def test_pausing_going_on_and_removing(boss: Client, store: Store, outside: Receiver) -> None:
    address = register(store, outside.url)
    form = {"_form_submitted": "on"}
    boss.post(f"{LIST}{address.pk}/pause/", form)
    address.refresh_from_db()
    assert address.state == AddressState.PAUSED and address.state_reason
    boss.post(f"{LIST}{address.pk}/resume/", form)
    address.refresh_from_db()
    assert address.is_open
    said = boss.post(f"{LIST}{address.pk}/rotate/", form, follow=True).content.decode()
    address.refresh_from_db()
    assert address.secrets_at(address.created_at)[0] in said and address.old_secret_until
    boss.post(f"{LIST}{address.pk}/remove/", form)
    assert not WebhookAddress.objects.exists()


@pytest.mark.parametrize("action", ["send_test", "pause", "rotate", "remove"])
@pytest.mark.parametrize("who", ["manager", "stranger"])
def test_only_the_stores_owner_may_touch_an_address(
    store: Store, outside: Receiver, action: str, who: str
) -> None:
    address = register(store, outside.url)
    before = WebhookAddress.objects.values().get()
    person = admitted(store, Role.MANAGER) if who == "manager" else admitted(make_store())
    answer = signed_in(person).post(f"{LIST}{address.pk}/{action}/", {"_form_submitted": "on"})
    assert answer.status_code in {302, 403, 404}
    assert WebhookAddress.objects.values().get() == before
    assert outside.calls == [] and not WebhookMessage.objects.exists()
    assert address.url not in signed_in(person).get(LIST).content.decode()


def test_messages_show_every_answer(boss: Client, store: Store, outside: Receiver) -> None:
    address = register(store, outside.url)
    outside.answers = [(503, b"later please")]
    services.send_test(address_id=address.pk)
    page = "/admin/notifications/webhookmessage/"
    assert "503" in boss.get(page).content.decode()
    message = WebhookMessage.objects.get()
    shown = boss.get(f"{page}{message.pk}/change/").content.decode()
    assert "later please" in shown and message.public_id in shown
    foreign = signed_in(admitted(make_store()))
    assert list(foreign.get(page).context["cl"].result_list) == []
