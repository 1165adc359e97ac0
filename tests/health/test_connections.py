"""The server lends a hundred connections: whoever ends gives his back."""

import gc
import threading
from typing import Any

import pytest
from django.db import connections


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_a_thread_that_ends_gives_its_connections_back_without_the_garbage_collector() -> None:
    opened: list[Any] = []

    def work() -> None:
        for alias in connections:
            with connections[alias].cursor() as cursor:
                cursor.execute("SELECT 1")
            opened.append(connections[alias].connection)

    gc.disable()
    try:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert opened
        assert all(connection.closed for connection in opened)
    finally:
        gc.enable()
