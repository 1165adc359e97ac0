"""How the API's description names the two ways of being somebody."""

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension


class GuestCookie(OpenApiAuthenticationExtension):
    """A phone at a table: the cookie that joining sets."""

    target_class = "config.access.GuestAuthentication"
    name = "guestCookie"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": settings.GUEST_COOKIE_NAME}


class StaffSession(OpenApiAuthenticationExtension):
    """A person who signed in: Django's session."""

    target_class = "config.access.StaffAuthentication"
    name = "staffSession"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}
