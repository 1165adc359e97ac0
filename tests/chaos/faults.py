"""What goes wrong. Each fault happens on real processes, waits until it has really happened, and ends."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

import redis
from celery import Celery

from config.supervisor.fleet import OUTSIDE, beat_command, outside_command, sweeper_command, worker_command
from tests.chaos.run import FULL_DISK, Run
from tests.chaos.tables import CONTEXTS

Fault = Callable[[Run], None]
FAULTS: dict[str, Fault] = {}
TOOK_SECONDS = 150.0  # also on a machine that is busy with something else
LANES = (*CONTEXTS, *OUTSIDE.split(","))
QUEUES = (*LANES, "relay", "default")


def fault(kind: str) -> Callable[[Fault], Fault]:
    """Adds a fault to the list under the name that the report shows."""

    def register(inject: Fault) -> Fault:
        FAULTS[kind] = inject
        return inject

    return register


def more(run: Run, orders: int = 2) -> None:
    """Guests go on ordering meanwhile."""
    run.orders_since(orders, TOOK_SECONDS, len(run.diary.orders))


def more_done(run: Run, count: int = 5) -> None:
    """Deliveries go on being handled meanwhile."""
    before = run.tables.done()
    run.until(lambda: run.tables.done() >= before + count, TOOK_SECONDS, "handled deliveries")


# --- Processes ----------------------------------------------------------------------------------------


@fault("worker killed, three times")
def kill_worker(run: Run) -> None:
    for _ in range(3):
        more_done(run)
        run.stack.kill("worker")
        run.stack.start("worker")


@fault("web killed in mid-request")
def kill_web(run: Run) -> None:
    run.until(lambda: run.diary.under_way > 0, TOOK_SECONDS, "a request under way")
    run.stack.kill("web")
    run.stack.start("web")
    more(run, 1)


@fault("beat killed")
def kill_beat(run: Run) -> None:
    run.stack.kill("beat")
    more(run, 1)
    run.stack.start("beat")


@fault("sweeper killed")
def kill_sweeper(run: Run) -> None:
    run.stack.kill("sweeper")
    more(run, 1)
    run.stack.start("sweeper")


@fault("outside killed in mid-call")
def kill_outside(run: Run) -> None:
    before = len(run.outside.calls)
    run.outside.drip = 1.0
    run.outside.answers.append((200, b"slowly"))
    run.until(lambda: len(run.outside.calls) > before, TOOK_SECONDS, "a webhook under way")
    run.stack.kill("outside")
    run.outside.drip = 0.0
    more(run, 1)
    run.stack.start("outside")


@fault("a webhook's receiver fails, then hangs")
def fail_receiver(run: Run) -> None:
    before = len(run.outside.calls)
    run.outside.answers += [(500, b""), (503, b"not now")]
    run.until(lambda: len(run.outside.calls) >= before + 2, TOOK_SECONDS, "two refusals")
    before = len(run.outside.calls)
    run.outside.drip = 1.0
    run.outside.answers.append((200, b"a drop a second, for ever"))
    run.until(lambda: len(run.outside.calls) > before, TOOK_SECONDS, "a call that hangs")
    run.outside.drip = 0.0
    more(run, 1)


@fault("live killed, boards connected")
def kill_live(run: Run) -> None:
    run.until(lambda: all(each.ready.is_set() for each in run.listeners), TOOK_SECONDS, "connected boards")
    before = [each.connected for each in run.listeners]
    run.stack.kill("live")
    more(run)
    run.stack.start("live")

    def all_back() -> bool:
        pairs = zip(run.listeners, before, strict=True)
        return all(each.ready.is_set() and each.connected > count for each, count in pairs)

    run.until(all_back, TOOK_SECONDS, "the boards to come back")


@fault("two workers, sweepers, beats and relays at once")
def start_twins(run: Run) -> None:
    (run.stack.folder / "twin").mkdir(exist_ok=True)
    twins = {
        "worker twin": _twin(worker_command(), "worker"),
        "outside twin": _twin(outside_command(), "outside"),
        "sweeper twin": sweeper_command(),
        "beat twin": beat_command(run.stack.folder / "twin"),
    }
    for name, command in twins.items():
        run.stack.add(name, command)
    _ship_again(run)
    more_done(run, 40)
    for name in twins:
        run.stack.remove(name)


def _twin(command: list[str], name: str) -> list[str]:
    return [f"{name}-twin@%h" if word == f"{name}@%h" else word for word in command]


# --- Servers ------------------------------------------------------------------------------------------


@fault("Redis killed and away")
def kill_redis(run: Run) -> None:
    run.servers.kill_redis()
    _away(run, 30.0)
    run.servers.start_redis()


@fault("Redis hung")
def hang_redis(run: Run) -> None:
    run.servers.hang_redis()
    _away(run, 10.0 if run.is_long else 1.0)
    run.servers.unhang_redis()


@fault("Redis flushed")
def flush_redis(run: Run) -> None:
    for _ in range(3):
        more_done(run)
        run.servers.flush_redis()


@fault("PostgreSQL restarted")
def restart_postgres(run: Run) -> None:
    run.servers.stop_postgres()
    run.servers.start_postgres()


@fault("PostgreSQL killed")
def kill_postgres(run: Run) -> None:
    run.servers.kill_postgres()
    run.servers.start_postgres()


@fault("PostgreSQL and Redis killed")
def kill_both(run: Run) -> None:
    run.servers.kill_postgres()
    run.servers.kill_redis()
    run.servers.start_postgres()
    run.servers.start_redis()


@fault(FULL_DISK)
def fill_disk(run: Run) -> None:
    log = run.servers.folder / "postgres.log"
    before, size = run.diary.answers["503 unavailable"], log.stat().st_size
    run.servers.fill_disk()

    def refused_for_it() -> bool:
        is_full = b"No space left on device" in log.read_bytes()[size:]
        return is_full and run.diary.answers["503 unavailable"] > before

    run.until(refused_for_it, TOOK_SECONDS, "a clear refusal")
    run.servers.free_disk()
    run.servers.start_postgres()  # where the log itself had no room it went down


def _away(run: Run, seconds: float) -> None:
    """An outage that lasts: guests must be served all the same."""
    until = time.monotonic() + seconds
    more(run, 1)
    run.until(lambda: time.monotonic() >= until, seconds + TOOK_SECONDS, "the end of the outage")


# --- Handlers -----------------------------------------------------------------------------------------


def _act_out(run: Run, mood: str, times: int) -> None:
    """So many runs of the moody handler misbehave; done when the last one has begun to."""
    folder = Path(run.stack.env["CHAOS_FOLDER"])
    for number in range(times):
        (folder / f"{mood}.{number}").touch()
    run.until(lambda: not any(folder.iterdir()), TOOK_SECONDS, f"a handler to {mood}")


@fault("a handler hangs")
def hang(run: Run) -> None:
    _act_out(run, "hang", 1)


@fault("a handler hangs in the sweeper")
def hang_sweeper(run: Run) -> None:
    run.stack.kill("worker")
    _act_out(run, "hang", 1)
    run.until(lambda: not run.stack.children["sweeper"].is_running, TOOK_SECONDS, "the sweeper to end itself")
    run.stack.start("worker")


@fault("a handler raises")
def raise_(run: Run) -> None:
    _act_out(run, "raise", 3)


@fault("a handler kills its process")
def kill_itself(run: Run) -> None:
    _act_out(run, "kill", 2)


@fault("a handler is slow")
def slow(run: Run) -> None:
    _act_out(run, "slow", 4)


@fault("a dead letter, retried by a person")
def give_up(run: Run) -> None:
    _act_out(run, "give_up", 1)
    dead = "SELECT id FROM events_delivery WHERE status = 3"
    run.until(lambda: run.tables.everywhere(dead), TOOK_SECONDS, "a dead letter")
    run.stack.manage("shell", "--no-imports", "-c", RETRY)


RETRY = """
from events.kernel.databases import all_aliases
from events.models import Delivery, DeliveryStatus
from events.operations import Actor, retry
for alias in all_aliases():
    retry(Delivery.objects.using(alias).filter(status=DeliveryStatus.DEAD), actor=Actor(None, "chaos"))
"""


# --- Clocks -------------------------------------------------------------------------------------------


@fault("the worker's clock is an hour ahead, then behind")
def step_worker_clock(run: Run) -> None:
    run.stack.kill("sweeper")  # which would do what a worker that hears no kick leaves
    _step_clock(run, "worker", (3600, -3600))
    run.stack.start("sweeper")


@fault("the sweeper's clock is an hour ahead, then behind")
def step_sweeper_clock(run: Run) -> None:
    _step_clock(run, "sweeper", (3600, -3600))


def _step_clock(run: Run, process: str, offsets: Iterable[int]) -> None:
    """Handlers fail meanwhile: when they are tried again must not depend on the clock of who failed."""
    clock = run.stack.folder / f"clock of {process}"
    run.stack.kill(process)
    run.stack.start(process, CHAOS_CLOCK=str(clock))
    for offset in (*offsets, 0):
        clock.write_text(str(offset))
        _act_out(run, "raise", 2)
        more_done(run)


# --- Duplicates and disorder --------------------------------------------------------------------------


@fault("kicks doubled and made up")
def double_kicks(run: Run) -> None:
    with Celery(broker=run.broker_url) as bell:
        for _ in range(30):
            lane = run.dice.choice(LANES)
            bell.send_task("events.drain", kwargs={"context": lane}, queue=run.dice.choice(QUEUES))


@fault("messages of Celery doubled and shuffled")
def double_messages(run: Run) -> None:
    run.stack.kill("worker")
    with redis.Redis.from_url(run.servers.redis_url) as client:
        run.until(lambda: any(client.llen(queue) for queue in QUEUES), TOOK_SECONDS, "messages")
        for queue in QUEUES:
            messages = client.lrange(queue, 0, -1) * 3
            run.dice.shuffle(messages)
            if messages:
                client.rpush(queue, *messages)
    run.stack.start("worker")


@fault("webhooks sent again, in another order")
def repeat_webhooks(run: Run) -> None:
    again = run.tables.rows(
        "payments",
        "UPDATE sandbox_wallet_webhookattempt SET delivered_at = NULL, attempts = 0, copies = 2, "
        "due_at = now() - random() * interval '1 minute' WHERE id IN "
        "(SELECT id FROM sandbox_wallet_webhookattempt ORDER BY due_at DESC LIMIT 12) RETURNING id",
    )
    waiting = "SELECT count(*) FROM sandbox_wallet_webhookattempt WHERE id = ANY(%s) AND delivered_at IS NULL"
    ids = [row[0] for row in again]
    run.until(lambda: not run.tables.one("payments", waiting, ids), TOOK_SECONDS, "the bank to have called")


@fault("facts shipped again")
def _ship_again(run: Run) -> None:
    again = (
        "UPDATE events_event SET shipped_at = NULL WHERE id IN "
        "(SELECT id FROM events_event ORDER BY occurred_at DESC LIMIT 40)"
    )
    run.tables.everywhere(again)
    with Celery(broker=run.broker_url) as bell:
        for _ in range(5):
            bell.send_task("events.ship", kwargs={"alias": "default"}, queue="relay")


@fault("running deliveries taken away")
def steal(run: Run) -> None:
    stolen = 0

    def take() -> bool:
        nonlocal stolen
        taken = run.tables.everywhere(
            "UPDATE events_delivery SET lease_until = clock_timestamp() - interval '1 second' "
            "WHERE id IN (SELECT id FROM events_delivery WHERE status = 1 FOR UPDATE SKIP LOCKED) RETURNING 1"
        )
        stolen += len(taken)
        return stolen >= 3

    run.until(take, TOOK_SECONDS, "deliveries to take away")
