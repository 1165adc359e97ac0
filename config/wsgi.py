"""All HTTP: served by Granian."""

import os
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from granian.utils.proxies import wrap_wsgi_with_proxy_headers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def behind_proxies(application: Any, trusted: Sequence[str]) -> Any:
    """REMOTE_ADDR becomes the client's address where a trusted proxy says it; nobody else is believed.

    All that counts by address (throttles, the lock after wrong passwords) reads REMOTE_ADDR alone.
    """
    return wrap_wsgi_with_proxy_headers(application, list(trusted)) if trusted else application


application = behind_proxies(get_wsgi_application(), settings.TRUSTED_PROXIES)
