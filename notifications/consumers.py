"""The sockets of guests and boards: who may listen, the first message, the end. `feed` does the rest.

Close codes: 4401 not signed in or no first message, 4403 not allowed (any more), 1009 too much sent,
1013 too many sockets or too slow.
"""

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import Coroutine
from typing import Any, NamedTuple

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from notifications.feed import Feed, frame
from notifications.models import plain_time, store_channel, tab_channel

logger = logging.getLogger(__name__)

HELLO_SECONDS = 5
SEND_SECONDS = 10
LONGEST_MESSAGE = 4096
MESSAGES_PER_BEAT = 20
NOT_SIGNED_IN, NOT_ALLOWED, TOO_MUCH, TRY_LATER = 4401, 4403, 1009, 1013

_open: Counter[str] = Counter()  # sockets of this process, by channel


class Seat(NamedTuple):
    """What a socket listens to: a channel, in a role."""

    channel: str
    role: str = ""


class LiveConsumer(AsyncWebsocketConsumer):
    """A socket on one channel. Subclasses say which channel the caller may read, and how many may at once."""

    # No channel layer for the handshake: it must not depend on Redis. The feed subscribes by itself.
    channel_layer_alias = "none"
    limit = 0

    async def find_seat(self) -> Seat | int:
        """Where the caller may listen, or the close code of the refusal."""
        raise NotImplementedError

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.seat: Seat | None = None
        self.feed: Feed | None = None
        self.tasks: list[asyncio.Task[None]] = []
        self.heard = 0
        self.ended = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            for task in self.tasks:
                task.cancel()
            if self.seat:
                _open.subtract([self.seat.channel])
                if not _open[self.seat.channel]:
                    del _open[self.seat.channel]

    async def connect(self) -> None:
        found = await self.find_seat()
        await self.accept()
        if isinstance(found, int):
            return await self.close(found)
        if _open[found.channel] >= self.limit:
            return await self.close(TRY_LATER)
        self.seat = found
        _open[found.channel] += 1
        self._spawn(self._await_hello())

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        self.heard += 1
        if text_data is None or len(text_data) > LONGEST_MESSAGE or self.heard > MESSAGES_PER_BEAT:
            return await self.close(TOO_MUCH)
        if self.feed is None and self.seat and not self.ended:
            await self._hello(text_data, self.seat)

    async def _hello(self, text: str, seat: Seat) -> None:
        try:
            resume_from = _read_hello(text)
        except ValueError:
            return await self.close(NOT_SIGNED_IN)
        self.feed = feed = Feed(seat.channel, self.send_frame, seat.role)
        try:
            await feed.start(resume_from)
        except DatabaseError:
            return await self.close(TRY_LATER)
        for work in (feed.listen(), self._beat(feed), self._end_with_tab(feed)):
            self._spawn(work)

    async def _await_hello(self) -> None:
        await asyncio.sleep(HELLO_SECONDS)
        if self.feed is None:
            await self.close(NOT_SIGNED_IN)

    async def _beat(self, feed: Feed) -> None:
        checked = time.monotonic()
        while True:
            await asyncio.sleep(settings.LIVE_HEARTBEAT_SECONDS)
            self.heard = 0
            try:
                if time.monotonic() - checked >= settings.LIVE_RECHECK_SECONDS:
                    checked = time.monotonic()
                    await self._check_again()
                data = await feed.beat()
            except DatabaseError as error:  # no heartbeat tells the device that it may be behind
                logger.warning("no heartbeat for %s: %s", feed.channel, error)
                continue
            await self.send_frame(frame("heartbeat", feed.last, {"now": plain_time(timezone.now()), **data}))

    async def _check_again(self) -> None:
        found = await self.find_seat()
        if isinstance(found, int):
            await self.close(NOT_ALLOWED)
        elif found != self.seat:  # in another role it hears other alarms: it comes back and listens in that
            await self.close(TRY_LATER)

    async def _end_with_tab(self, feed: Feed) -> None:
        await feed.closed.wait()
        await self.close(NOT_ALLOWED)

    async def close(self, code: int | None = None, reason: str | None = None) -> None:
        if not self.ended:
            self.ended = True
            await super().close(code, reason)

    async def send_frame(self, data: dict[str, Any]) -> None:
        if self.ended:
            return
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self.send(json.dumps(data, ensure_ascii=False, separators=(",", ":")))
        except TimeoutError:  # it does not read: it will come back and catch up
            await self.close(TRY_LATER)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(asyncio.create_task(work))


class TabConsumer(LiveConsumer):
    """A guest's phone: the tab of its cookie, below the code it scanned."""

    limit = 24  # phones that reconnect leave a dead socket behind for a while

    async def find_seat(self) -> Seat | int:
        guest = self.scope["guest"]
        if guest is None:
            return NOT_SIGNED_IN
        if guest.token != self.scope["url_route"]["kwargs"]["token"]:
            return NOT_ALLOWED
        return Seat(tab_channel(guest.tab_id))


class StaffConsumer(LiveConsumer):
    """A board: a store in which the signed-in person works now."""

    limit = 60

    async def find_seat(self) -> Seat | int:
        memberships = await self.scope["read_memberships"]()
        if memberships is None:
            return NOT_SIGNED_IN
        slug = self.scope["url_route"]["kwargs"]["slug"]
        for membership in memberships.values():
            if membership.store_slug == slug:
                return Seat(store_channel(membership.store_id), membership.role)
        return NOT_ALLOWED


def _read_hello(text: str) -> int | None:
    """`{"resume_from": 7}` -> 7; without the number None. Raises ValueError for anything else."""
    message = json.loads(text)
    number = message.get("resume_from") if isinstance(message, dict) else ""
    if number is None or (type(number) is int and number >= 0):
        return number
    raise ValueError("resume_from must be a number")
