"""Bodies of API calls: JSON in UTF-8 of a bounded size, with texts that the database can keep."""

import json
from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser
from rest_framework.utils import json as strict_json


class StrictJSONParser(JSONParser):
    """DRF's parser with two more refusals: too big (Django's limit) and nested too deep to be read."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        assert parser_context is not None
        body = parser_context["request"]._request.body  # enforces DATA_UPLOAD_MAX_MEMORY_SIZE
        try:
            return json.loads(body.decode(), parse_constant=strict_json.strict_constant)
        except (ValueError, RecursionError):
            raise ParseError(_("This is not readable JSON")) from None
