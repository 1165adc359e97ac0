"""A pytest plugin: PostgreSQL and Valkey of the suite's own when the environment names none.

It is loaded with `-p tests.servers`, because pytest-django reads the settings before any conftest.py.
With `SPLIT=1` in the environment every context gets a database of its own, in tests and in real processes.
With `-n` every worker has servers of its own: what one test flushes or kills, no other test can miss.
"""

import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.databases import is_split_run, urls_beside

# Before anything imports the Celery app, which would choose the product's settings.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
OWN = "TESTS_START_SERVERS"


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Starts what is missing before the settings are read, and stops it when the run ends."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        _forget_inherited_servers()
    if not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
        _start_servers(early_config)
        os.environ[OWN] = "yes"
    if is_split_run():
        os.environ.update(urls_beside(os.environ["DATABASE_URL"]))
    yield


def _forget_inherited_servers() -> None:
    """Those of the process that hands out the tests."""
    if OWN not in os.environ:
        raise pytest.UsageError("-n needs the suite's own servers: unset DATABASE_URL and REDIS_URL")
    for name in [name for name in os.environ if name.endswith("DATABASE_URL")]:
        del os.environ[name]
    del os.environ["REDIS_URL"]


def _start_servers(config: pytest.Config) -> None:
    from config.supervisor import servers

    data = Path(tempfile.mkdtemp(prefix="hansang-test-"))
    data.chmod(0o711)  # PostgreSQL's own account must get through
    running = servers.start(
        data,
        database_url=os.environ.get("DATABASE_URL", ""),
        redis_url=os.environ.get("REDIS_URL", ""),
        options=servers.FAST_AND_FORGETFUL,
    )
    os.environ["DATABASE_URL"] = running.database_url
    os.environ["REDIS_URL"] = running.redis_url
    config.add_cleanup(lambda: shutil.rmtree(data, ignore_errors=True))
    config.add_cleanup(running.stop)
