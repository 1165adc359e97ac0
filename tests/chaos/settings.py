"""The product's settings with handlers that misbehave on demand and a clock that may step."""

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.chaos.trouble"]
# A drain may take five seconds; a handler that hangs is ended after this.
CELERY_TASK_TIME_LIMIT = 10
