"""The product's own settings, and the baseline's tables: both sides write the same rows."""

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS as _APPS

INSTALLED_APPS = [*_APPS, "bench.baseline"]
