"""Rows made and written without the ORM's detours."""

import pytest

from events.kernel.rows import new_row
from events.models import Stream


def test_a_new_row_has_the_models_defaults() -> None:
    made, plain = new_row(Stream, name="tab:1"), Stream(name="tab:1")
    assert [getattr(made, f.attname) for f in Stream._meta.concrete_fields] == [
        getattr(plain, f.attname) for f in Stream._meta.concrete_fields
    ]
    assert made._state.adding


def test_a_name_that_is_no_column_is_refused() -> None:
    with pytest.raises(TypeError, match="nmae"):
        new_row(Stream, nmae="tab:1")
