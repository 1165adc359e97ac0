"""Nonsense of every kind at every operation of a real server: refused in order, never a failure."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.conftest import Caller
from tests.stack import ROOT

pytestmark = pytest.mark.processes

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
# These end what the other operations need: they come with ids that nobody has.
ENDS = {
    "stores_tabs_close_create",
    "stores_tabs_merge_create",
    "stores_tables_rotate_token_create",
    "stores_taking_orders_create",
}


def bounded(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


described = schemathesis.openapi.from_path(ROOT / "docs" / "openapi.json")
described.config.generation.update(with_security_parameters=False)
described.config.phases.coverage.enabled = False  # thousands of calls: the suite has a minute


def send(case: Any, caller: Caller) -> None:
    """Sends the case as the caller; ids of the address become ones that exist."""
    if case.operation.definition.raw["operationId"] not in ENDS:
        for name in case.path_parameters or {}:
            case.path_parameters[name] = caller.ids.get(name, case.path_parameters[name])
    headers = {name: value for name, value in caller.headers.items() if name not in case.headers}
    case.call_and_validate(
        base_url=caller.base_url, headers=headers, cookies=caller.cookies, checks=CHECKS, timeout=20
    )


@described.include(path_regex="/api/v1/(t|orders|payments)/").parametrize()
@bounded(15)
def test_a_guest_breaks_nothing(case: Any, guest: Caller) -> None:
    send(case, guest)


@described.include(path_regex="/api/v1/stores/").parametrize()
@bounded(8)
def test_an_owner_breaks_nothing(case: Any, owner_caller: Caller) -> None:
    send(case, owner_caller)


@described.parametrize()
@bounded(2)
def test_nobody_breaks_anything(case: Any, anonymous: Caller) -> None:
    send(case, anonymous)
