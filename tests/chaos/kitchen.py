"""What goes wrong in the kitchen: a printer that breaks, and a process that is lost while it prints."""

from tests.chaos.faults import TOOK_SECONDS, fault, more
from tests.chaos.run import Run
from tests.notifications.printer import NO_PAPER, PAPER

_SAYS_SO = "SELECT count(*) FROM notifications_printer WHERE problem = 'no_paper'"


@fault("the printer hangs up, dies in mid-ticket, then has no paper")
def break_printer(run: Run) -> None:
    """The first ticket is on paper, and nobody was told; soon over, so that the next try is not far."""
    paper = run.paper
    paper.is_numb = 1
    run.until(lambda: not paper.is_numb, TOOK_SECONDS, "a ticket without a word")
    paper.dies = 1
    run.until(lambda: not paper.dies, TOOK_SECONDS, "a torn ticket")
    paper.paper = NO_PAPER
    run.until(lambda: run.tables.one("notifications", _SAYS_SO), TOOK_SECONDS, "a printer without paper")
    more(run, 1)
    paper.paper = PAPER


@fault("outside and sweeper killed in mid-print")
def kill_in_print(run: Run) -> None:
    """The ticket is on paper, and whoever waited for the printer's word is gone: the sweeper prints, too."""
    paper = run.paper
    paper.goes_on.clear()
    paper.holds = 1
    run.until(lambda: not paper.holds, TOOK_SECONDS, "a ticket under way")
    run.stack.kill("outside")
    run.stack.kill("sweeper")
    paper.goes_on.set()
    more(run, 1)
    run.stack.start("outside")
    run.stack.start("sweeper")
