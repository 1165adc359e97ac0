"""One socket's view of a channel: every notification once, in order, without a gap.

Poke and pull: messages over Redis are hints and may be lost, late or out of order; the rows are the truth.
The next number is passed on straight from its hint; anything else, a new subscription and each heartbeat read
the table. So a socket needs Redis for speed only, and the handshake not at all.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Any

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer

from notifications import selectors
from notifications.models import Kind

logger = logging.getLogger(__name__)

# A device that was away longer than this many notifications reloads instead of hearing them all.
LONGEST_REPLAY = 500
SUBSCRIBE_SECONDS = 3.0

Send = Callable[[dict[str, Any]], Awaitable[None]]


def frame(kind: str, seq: int, data: dict[str, Any] | None = None) -> dict[str, Any]:
    """What goes over the wire."""
    return {"v": 1, "type": kind, "seq": seq, "data": data or {}}


class Feed:
    """Passes a channel's notifications for a role to `send`; `closed` is set once its tab is closed."""

    def __init__(self, channel: str, send: Send, role: str = "") -> None:
        self.channel = channel
        self.role = role
        self.last = 0
        self.closed = asyncio.Event()
        self._send = send
        self._ringing: set[int] = set()
        self._lock = asyncio.Lock()

    async def start(self, resume_from: int | None) -> None:
        """Catches up from the number that the device knows; without one it starts with what comes next."""
        state = await self._state()
        known = state.last_seq if resume_from is None else min(resume_from, state.last_seq)
        self.last = known
        if state.last_seq - known > LONGEST_REPLAY:
            self.last = state.last_seq - selectors.LATEST
            await self._send(frame("hint", self.last, {"topic": "reload"}))
        for row in await database_sync_to_async(selectors.taken_lately)(self.channel, self.last, self.role):
            await self._send_taken(row)
        await self.pull()
        await self._send(frame("ready", self.last, {"open": sorted(self._ringing)}))

    async def pull(self) -> None:
        """Reads what is new: notifications, alarms taken elsewhere, the end of the tab."""
        async with self._lock:
            state = await self._state()
            while self.last < state.last_seq and await self._pull_batch():
                pass
            self.last = max(self.last, state.last_seq)  # the last ones may be for other roles
            # What came after `state` was read is in no list of it, and rings all the same.
            ringing = set(state.open_alarms) | {seq for seq in self._ringing if seq > state.last_seq}
            await self._silence(self._ringing - ringing)
            self._ringing = ringing
            if state.closed:
                self.closed.set()

    async def poke(self, data: dict[str, Any]) -> None:
        """Takes a hint's word for the next number; sees to the rest by a pull."""
        topic, seq = data.get("topic"), int(data.get("seq", 0))
        if topic == "notification":
            async with self._lock:
                if seq == self.last + 1:
                    return await self._hear(data)
            if seq > self.last:
                await self.pull()
        elif topic == "acked":
            await self._hear_acked(seq, data)
        else:
            await self._send(frame("hint", self.last, data))

    async def _hear(self, data: dict[str, Any]) -> None:
        """The next number: passed on to whom it is meant for, and behind everybody."""
        if data.get("audience", "") in ("", self.role):
            await self._send_row(data["row"])
        else:
            self.last = data["seq"]

    async def beat(self) -> dict[str, Any]:
        """Pulls, and returns what a heartbeat says: the numbers of the alarms that still ring."""
        await self.pull()
        return {"open": sorted(self._ringing)}

    async def listen(self) -> None:
        """Subscribes, and again when it is lost; the socket lives on without Redis. Runs until canceled."""
        delay = 0.5
        while True:
            try:
                async with _subscription(self.channel.replace(":", ".")) as receive:
                    delay = 0.5
                    await self.pull()
                    while True:
                        await self.poke((await receive())["data"])
            except Exception as error:  # noqa: BLE001  the heartbeat's pull goes on meanwhile
                logger.warning("no hints for %s: %s", self.channel, error)
                await asyncio.sleep(delay * random.uniform(0.7, 1.3))  # noqa: S311
                delay = min(10.0, delay * 2)

    async def _state(self) -> selectors.ChannelState:
        return await database_sync_to_async(selectors.channel_state)(self.channel, self.role)

    async def _pull_batch(self) -> int:
        read = database_sync_to_async(selectors.notifications_after)
        rows = await read(self.channel, self.last, self.role)
        for row in rows:
            await self._send_row(row)
        return len(rows)

    async def _send_row(self, row: dict[str, Any]) -> None:
        self.last = row["seq"]
        if row["alarm"] and not row["acked_at"]:
            self._ringing.add(self.last)
        await self._send(frame("notification", self.last, row))
        if row["kind"] == Kind.TAB_CLOSED:
            self.closed.set()

    async def _hear_acked(self, seq: int, data: dict[str, Any]) -> None:
        if seq > self.last:
            await self.pull()  # the hint overtook the alarm's own; the row says both
        async with self._lock:
            if seq in self._ringing:
                self._ringing.discard(seq)
                await self._send(frame("acked", seq, {name: data[name] for name in ("by", "at")}))

    async def _silence(self, numbers: set[int]) -> None:
        if numbers:
            read = database_sync_to_async(selectors.notifications_numbered)
            for row in await read(self.channel, sorted(numbers)):
                await self._send_taken(row)

    async def _send_taken(self, row: dict[str, Any]) -> None:
        if row["acked_at"]:
            await self._send(frame("acked", row["seq"], {"by": row["acked_by"], "at": row["acked_at"]}))


@contextlib.asynccontextmanager
async def _subscription(group: str):  # type: ignore[no-untyped-def]
    """Joins a group of the channel layer; gives `receive()`. Leaves the group at the end."""
    layer: Any = get_channel_layer()
    async with asyncio.timeout(SUBSCRIBE_SECONDS):
        name = await layer.new_channel()
    try:
        async with asyncio.timeout(SUBSCRIBE_SECONDS):
            await layer.group_add(group, name)
        yield lambda: layer.receive(name)
    finally:
        with contextlib.suppress(Exception):
            async with asyncio.timeout(1):
                await layer.group_discard(group, name)
