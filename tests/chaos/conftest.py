"""Processes of its own: what is broken here must not be another test's surprise."""

from tests.flows.conftest import board, callers, phone_at, truth  # noqa: F401
from tests.stack import stack  # noqa: F401
