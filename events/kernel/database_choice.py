"""Which database a row of the queue is in: its tables exist in each, so that an address must say which.

With one database for all contexts no address names it.
"""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext

from events.kernel.databases import Reach, alias_of, all_aliases, reach

DATABASE = "db"


def is_split() -> bool:
    """Whether there is more than one database to look into."""
    return len(all_aliases()) > 1


def databases() -> list[str]:
    """Every database's alias; the common one comes last when no context is left in it."""
    used = dict.fromkeys(str(alias) for alias in settings.CONTEXT_DATABASES.values())
    return list(dict.fromkeys([*used, *all_aliases()]))


def is_home(alias: str) -> bool:
    """Whether a context lives in the database; what a context left behind when it moved is no home."""
    return alias in settings.CONTEXT_DATABASES.values()


def reached(request: HttpRequest) -> Reach:
    """Which databases answer, asked once per request; the only one there is proves itself by the page."""
    found: Reach | None = getattr(request, "_reached", None)
    if found is None:
        found = reach() if is_split() else Reach(all_aliases(), [])
        request._reached = found  # type: ignore[attr-defined]
    return found


def can_read(request: HttpRequest, *contexts: str) -> bool:
    """Whether the databases of all these contexts answer."""
    return not set(map(alias_of, contexts)) & set(reached(request).away)


def names_away(request: HttpRequest) -> list[str]:
    """What cannot be read now, in words."""
    return [database_name(alias) for alias in reached(request).away if is_home(alias)]


def database_name(alias: str) -> str:
    """The contexts that a database holds, in words."""
    held = [name for name, home in settings.CONTEXT_DATABASES.items() if home == alias]
    names = [str(apps.get_app_config(name).verbose_name) for name in held]
    return ", ".join(names) or gettext("Common database")


def in_database(url: str, alias: str | None) -> str:
    """The address with its database; unchanged when it is empty or there is only one database."""
    if not url or not alias or not is_split():
        return url
    parts = urlsplit(url)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != DATABASE]
    return urlunsplit(parts._replace(query=urlencode([*query, (DATABASE, alias)])))
