"""Buttons of a row's page that it has no use for now are not shown. What they would do refuses anyway."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin.utils import unquote
from django.http import HttpRequest
from unfold.dataclasses import UnfoldAction


class OnlyUseful:
    """Mix in first: `useless_actions(row)` names those of `actions_detail` that are left out."""

    def useless_actions(self, row: Any) -> Iterable[str]:
        raise NotImplementedError

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[UnfoldAction]:
        row = self.get_object(request, unquote(str(object_id)))  # type: ignore[attr-defined]
        if row is None:  # the page itself tells the reader
            return []
        useless = tuple(f"_{name}" for name in self.useless_actions(row))
        actions: list[UnfoldAction] = super().get_actions_detail(request, object_id)  # type: ignore[misc]
        return [action for action in actions if not action.action_name.endswith(useless)]
