"""What goes wrong with a release: handlers that are renamed or gone while deliveries wait for them."""

from tests.chaos.faults import TOOK_SECONDS, fault, more, more_done
from tests.chaos.run import Run
from tests.chaos.trouble.names import APPRENTICE, JOURNEYMAN


@fault("a handler renamed")
def rename(run: Run) -> None:
    old = _employed(run)
    new = JOURNEYMAN if old == APPRENTICE else APPRENTICE
    _release(run, old, new)
    run.stack.manage("shell", "--no-imports", "-c", ASSIGN.format(old=old, new=new))


@fault("a handler removed")
def remove(run: Run) -> None:
    old = _employed(run)
    _release(run, old, "")
    run.stack.manage("shell", "--no-imports", "-c", DISCARD.format(old=old))


def _employed(run: Run) -> str:
    """The name under which the apprentice works; an earlier release may have removed it."""
    if not run.apprentice:
        _roll_out(run, APPRENTICE)
    return run.apprentice


PAUSE = """
from events.operations import Actor, pause
pause("{old}", actor=Actor(None, "chaos"))
"""
ASSIGN = """
from events.operations import Actor, Selection, assign, resume
actor = Actor(None, "chaos")
resume("{old}", actor=actor)
assign(Selection(handler="{old}"), to="{new}", actor=actor, reason="renamed")
"""
DISCARD = """
from events.operations import Actor, Selection, discard, resume
actor = Actor(None, "chaos")
resume("{old}", actor=actor)
discard(Selection(handler="{old}"), actor=actor, reason="removed")
"""


def _release(run: Run, old: str, new: str) -> None:
    """A release without the old name comes while deliveries wait for it: they stay, for a person."""
    run.stack.manage("shell", "--no-imports", "-c", PAUSE.format(old=old))
    run.until(lambda: run.tables.waiting(old) > 1, TOOK_SECONDS, "deliveries of the old release")
    _roll_out(run, new)
    more(run, 1)
    more_done(run)
    assert run.tables.waiting(old) > 1, "deliveries of the old name are gone"


def _roll_out(run: Run, name: str) -> None:
    run.apprentice = run.stack.env["CHAOS_APPRENTICE"] = name
    for process in ("web", "worker", "outside", "sweeper"):
        run.stack.kill(process)
        run.stack.start(process, CHAOS_APPRENTICE=name)
