"""Alarm latency: from the commit (or `.delay()`) to the frame in a client. A process of its own."""

import json
import statistics
import sys
import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from websockets.sync.client import ClientConnection, connect

EVERY_SECONDS = 0.05
SAMPLES = 200


def main() -> None:
    kind, port = sys.argv[1], int(sys.argv[2])
    latencies = (ours if kind == "ours" else bare)(port)
    cuts = statistics.quantiles(latencies, n=100)
    print(json.dumps({"p50": cuts[49] * 1000, "p99": cuts[98] * 1000, "received": len(latencies)}))


def ours(port: int) -> list[float]:
    """publish(order.submitted) → handler → notification row → hint → socket of the store's board."""
    import django

    django.setup()
    from django.conf import settings
    from django.test import Client

    from events.kernel.databases import atomic
    from events.outbox import publish
    from orders.events import OrderSubmitted
    from stores.models import Store, User

    store = Store.objects.get(slug="hansang")
    client = Client()
    client.force_login(User.objects.get(username="owner"))
    session = client.cookies[settings.SESSION_COOKIE_NAME].value

    def fire(number: int) -> str:
        order_id = uuid4()
        fact = OrderSubmitted(
            store_id=store.id, order_id=order_id, tab_id=uuid4(), table_id=uuid4(), table_name="A1",
            number=number, guest_name="bench", total=6500, currency="KRW", lines=[],
        )  # fmt: skip
        with atomic("orders"):
            publish(fact)
        return str(order_id)

    with connect(
        f"ws://127.0.0.1:{port}/ws/staff/hansang/",
        origin=f"http://127.0.0.1:{port}",  # type: ignore[arg-type]
        additional_headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"},
    ) as socket:
        socket.send(json.dumps({"resume_from": 0, "device": "bench"}))
        while json.loads(socket.recv(10)).get("type") != "ready":
            continue
        return _measure(socket, fire, lambda frame: (frame.get("data") or {}).get("subject_id"))


def bare(port: int) -> list[float]:
    from bench.baseline.chain import alarm

    def fire(number: int) -> str:
        alarm.delay(sent_at=number)
        return str(number)

    with connect(f"ws://127.0.0.1:{port}/ws/") as socket:
        time.sleep(1)  # its group subscription says nothing when it is there
        return _measure(socket, fire, lambda frame: str(frame.get("sent_at")), before=True)


def _measure(
    socket: ClientConnection,
    fire: Callable[[int], str],
    key_of: Callable[[dict[str, Any]], str | None],
    before: bool = False,
) -> list[float]:
    """Fires at a steady pace; the clock starts before `.delay()`, or right after a commit."""
    arrived: dict[str, float] = {}
    started: dict[str, float] = {}

    def receive() -> None:
        while len(arrived) < SAMPLES + 20:
            try:
                frame = json.loads(socket.recv(15))
            except (TimeoutError, OSError):
                return
            if key := key_of(frame):
                arrived.setdefault(str(key), time.perf_counter())

    thread = threading.Thread(target=receive, daemon=True)
    thread.start()
    for number in range(SAMPLES + 20):
        earlier = time.perf_counter()
        key = fire(number)
        started[key] = earlier if before else time.perf_counter()
        time.sleep(EVERY_SECONDS)
    thread.join(20)
    keys = list(started)[20:]  # the first ones warm up connections
    return [arrived[key] - started[key] for key in keys if key in arrived]


if __name__ == "__main__":
    main()
