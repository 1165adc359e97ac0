"""People and places that every test may ask for by name."""

import contextlib

import pytest
import redis
from django.utils import timezone, translation

from stores.models import Role, Store, Table, User
from tests.factories import make_membership, make_store, make_table, make_user
from tests.stack import live_server_processes, stack  # noqa: F401


def pytest_configure() -> None:
    """A fresh clone has no compiled translations, and Django reads them once."""
    from django.core.management import call_command

    call_command("compile_messages")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test may touch every database: the same suite runs with one and with one per context."""
    from django.conf import settings

    databases = list(settings.DATABASES)
    for item in items:
        mark = item.get_closest_marker("django_db")
        if mark is None and "db" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.django_db(databases=databases))
        elif mark is not None and "databases" not in mark.kwargs:
            kwargs = {**mark.kwargs, "databases": databases}
            item.add_marker(pytest.mark.django_db(*mark.args, **kwargs), append=False)
        _name_in_full(item)
    # Playwright's event loop stays in the thread once it started: what talks to the database comes before.
    items.sort(key=_comes_late)


def _name_in_full(item: pytest.Item) -> None:
    """Schemathesis gives all operations of a test one id, and of equal ids a second process runs one only."""
    if operation := getattr(item, "operation_label", ""):
        item._id = item.id.with_params(operation)


def _comes_late(item: pytest.Item) -> int:
    folder = item.path.relative_to(item.config.rootpath).parts[1]
    return {"processes": 1, "flows": 2, "chaos": 3, "browser": 4}.get(folder, 0)


@pytest.fixture(autouse=True)
def _forget_rate_limits() -> None:
    """Throttles count in the shared cache: no test inherits another's count."""
    from django.core.cache import caches

    from config import throttling

    throttling.forget_all()
    for alias in ("default", "shared"):
        with contextlib.suppress(redis.RedisError):
            caches[alias].clear()


@pytest.fixture(autouse=True)
def _speaks_as_a_new_process() -> None:
    """A request leaves its reader's language and zone in the thread: no test inherits another's."""
    translation.deactivate()
    timezone.deactivate()


@pytest.fixture(autouse=True)
def _a_pause_outlasts_its_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a second is soon over: what failed would run again before the test has looked."""
    monkeypatch.setattr("events.delivery.BACKOFF_FIRST_SECONDS", 60.0)


@pytest.fixture
def store(db: None) -> Store:
    return make_store()


@pytest.fixture
def table(store: Store) -> Table:
    return make_table(store)


@pytest.fixture
def owner(store: Store) -> User:
    return make_membership(store, Role.OWNER).user


@pytest.fixture
def manager(store: Store) -> User:
    return make_membership(store, Role.MANAGER).user


@pytest.fixture
def floor(store: Store) -> User:
    return make_membership(store, Role.FLOOR).user


@pytest.fixture
def kitchen(store: Store) -> User:
    return make_membership(store, Role.KITCHEN).user


@pytest.fixture
def stranger(db: None) -> User:
    """Owns another store: may sign in, may see nothing of this one."""
    return make_membership(make_store(), Role.OWNER).user


@pytest.fixture
def platform_admin(db: None) -> User:
    return make_user(is_staff=True, is_superuser=True)
