"""Every label of the back office is in the reader's language."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.admin import site
from django.contrib.admin.utils import flatten, flatten_fieldsets, label_for_field
from django.utils import translation

# Names that are the same in every language.
INTERNATIONAL = {"webhook-id", "IP"}
ADMINS = sorted(site._registry.values(), key=str)


def names_of(office: Any) -> Iterator[str]:
    yield from (str(name) for name in office.readonly_fields)
    yield from (str(name) for name in flatten(office.fields or ()))
    yield from (str(name) for name in getattr(office, "list_display", ()) if name != "__str__")
    yield from (str(name) for name in flatten_fieldsets(office.fieldsets or ()))


def is_known(office: Any, name: str) -> bool:
    fields = {field.name for field in office.model._meta.get_fields()}
    return name in fields or hasattr(office, name) or hasattr(office.model, name)


@pytest.mark.parametrize("office", ADMINS, ids=str)
@pytest.mark.parametrize("language", ["ko", "ja", "zh-hans"])
def test_no_label_is_left_in_english(office: Any, language: str) -> None:
    inlines = [inline(office.model, site) for inline in office.inlines]
    with translation.override(language):
        labels = {
            str(label_for_field(name, each.model, each))
            for each in (office, *inlines)
            for name in names_of(each)
            if is_known(each, name)
        }
    assert {text for text in labels - INTERNATIONAL if text.isascii()} == set()
