"""docs/openapi.json is what the code says."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    """The description made now; a warning of the generator fails."""
    out = io.StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json", stdout=out)
    return json.loads(out.getvalue())


def test_the_committed_description_is_current(described: dict[str, Any]) -> None:
    assert json.loads(DOCUMENT.read_text()) == described, "run `make openapi`"


def test_every_operation_says_who_may_call_it_and_how_it_refuses(described: dict[str, Any]) -> None:
    operations = [
        (path, operation) for path, methods in described["paths"].items() for operation in methods.values()
    ]
    assert operations
    assert [path for path, operation in operations if "4XX" not in operation["responses"]] == []
    open_to_all = {path for path, operation in operations if not operation.get("security")}
    assert open_to_all == {"/api/v1/t/{token}/", "/api/v1/t/{token}/join/"}
