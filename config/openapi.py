"""The API's description: who may call what, and that every refusal is a problem."""

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from config.problems import CONTENT_TYPE

SCHEME_OF_ACCESS = {"guest": "guestCookie", "staff": "staffSession"}

PROBLEM = {
    "type": "object",
    "description": "RFC 9457; texts are in the reader's language. A kind of problem may add members.",
    "properties": {
        "type": {"type": "string", "example": "urn:hansang:problem:store-closed"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "errors": {"description": "For `invalid`: what is wrong with which value."},
    },
    "required": ["type", "title", "status"],
}
REFUSED = {
    "description": "Refused; nothing was changed.",
    "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


class GuestCookie(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """A phone at a table: the cookie that joining sets."""

    target_class = "config.access.GuestAuthentication"
    name = "guestCookie"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.GUEST_COOKIE_NAME,
            "description": "Set by `POST t/{token}/join/`. Writes also need the header `X-CSRFToken`.",
        }


class StaffSession(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """A person who signed in: Django's session."""

    target_class = "config.access.StaffAuthentication"
    name = "staffSession"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": "Set by signing in. Writes also need the header `X-CSRFToken`.",
        }


class ApiSchema(AutoSchema):
    """Reads `access` of the view: every view carries both kinds of authentication, one of them counts."""

    def get_auth(self) -> list[dict[str, Any]]:
        wanted = SCHEME_OF_ACCESS.get(getattr(self.view, "access", ""))
        return [scheme for scheme in super().get_auth() if wanted in scheme]


def add_problems(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """drf-spectacular's last step: every operation may answer with a problem."""
    result["components"]["schemas"]["Problem"] = PROBLEM
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["responses"]["4XX"] = REFUSED
    return result
