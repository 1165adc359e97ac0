"""The theme of the back office; settings import it in one line."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

# The words for handlers, read by the queue's own admin, which may not import this package.
EVENTS_MEANINGS = "config.backoffice.meanings.MEANINGS"
EVENTS_ERRORS = "config.backoffice.meanings.ERRORS"
EVENTS_SUBJECTS = "config.backoffice.subjects.subjects_of"


def _style(request: Any) -> str:
    return static("backoffice/backoffice.css")


def _queue_style(request: Any) -> str:
    return static("backoffice/queue.css")


def _icon(request: Any) -> str:
    return static("shared/icon.svg")


# The brand's green in the steps the theme asks for; 600 is our --brand (#0e6b4b).
_GREEN = {
    "50": "#f0f8f4",
    "100": "#e2f1ea",
    "200": "#c3e3d4",
    "300": "#8fd0b3",
    "400": "#3ccb8e",
    "500": "#2fae7f",
    "600": "#0e6b4b",
    "700": "#0b5a3f",
    "800": "#0a4833",
    "900": "#093b2b",
    "950": "#04261a",
}
_GRAY = {
    "50": "#f4f6f3",
    "100": "#eef1ed",
    "200": "#dfe4de",
    "300": "#c6cdc6",
    "400": "#9aa69f",
    "500": "#66716a",
    "600": "#55605a",
    "700": "#36413b",
    "800": "#202924",
    "900": "#171e1a",
    "950": "#0e1311",
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Hansang",
    "SITE_HEADER": "config.backoffice.navigation.site_header",
    "SITE_SUBHEADER": "config.backoffice.navigation.site_subheader",
    "SITE_URL": reverse_lazy("admin:index"),
    "SITE_ICON": _icon,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _icon}],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "8px",
    "COLORS": {"base": _GRAY, "primary": _GREEN},
    "STYLES": [_style, _queue_style],
    "DASHBOARD_CALLBACK": "config.backoffice.dashboard.dashboard",
    "SIDEBAR": {
        "show_search": False,
        "command_search": False,
        "show_all_applications": False,
        "navigation": "config.backoffice.navigation.navigation",
    },
    "TABS": "config.backoffice.navigation.tabs",
    "LOGIN": {"form": "config.backoffice.forms.BackOfficeLoginForm"},
    "ACCOUNT": {
        "navigation": [
            {"title": _("Staff board"), "link": "/staff/"},
        ],
    },
}
