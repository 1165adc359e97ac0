"""What goes wrong between Redis and the boards: hints that come twice, too late, too early, in any order."""

from typing import Any

import redis
from channels_redis.serializers import registry

from tests.chaos.faults import TOOK_SECONDS, fault, more
from tests.chaos.run import Run

# The groups of all stores, as the channel layer names them in Redis.
GROUPS = "asgi__group__store.*"
SOME, ROUNDS = 4, 3
# No board ever gets this far: a number that is invented must not come true meanwhile.
AHEAD = 1_000_000

Hint = tuple[bytes, bytes]  # channel and message, as the product published them
_format = registry.get_serializer("msgpack")


@fault("hints to boards doubled, old, ahead and shuffled")
def confuse_hints(run: Run) -> None:
    run.until(lambda: all(each.ready.is_set() for each in run.listeners), TOOK_SECONDS, "connected boards")
    with redis.Redis.from_url(run.servers.redis_url) as client:
        old = _overheard(run, client)
        for _ in range(ROUNDS):
            new = _overheard(run, client)
            hints = [*new, *new, *old, *map(_ahead, new)]
            run.dice.shuffle(hints)
            _publish(run, client, hints)
            old += new
    more(run, 1)


def _overheard(run: Run, client: "redis.Redis") -> list[Hint]:
    """Hints that the product sends while guests order; some of them tell of new notifications."""
    heard: list[Hint] = []
    with client.pubsub(ignore_subscribe_messages=True) as ear:
        ear.psubscribe(GROUPS)

        def are_enough() -> bool:
            while message := ear.get_message():
                heard.append((message["channel"], message["data"]))
            return sum(_says(each)["topic"] == "notification" for each in heard) >= SOME

        run.until(are_enough, TOOK_SECONDS, "hints of notifications")
    return heard


def _publish(run: Run, client: "redis.Redis", hints: list[Hint]) -> None:
    """Until a live process has heard them: it may just be subscribing again."""
    run.until(
        lambda: sum(client.publish(*each) for each in hints), TOOK_SECONDS, "a live process that listens"
    )


def _says(hint: Hint) -> dict[str, Any]:
    data: dict[str, Any] = _format.deserialize(hint[1])["data"]
    return data


def _ahead(hint: Hint) -> Hint:
    """The same with a number that is far away."""
    message = _format.deserialize(hint[1])
    for numbered in (message["data"], message["data"].get("row", {})):
        if "seq" in numbered:
            numbered["seq"] += AHEAD
    return hint[0], _format.serialize(message)
