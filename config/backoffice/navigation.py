"""The menu at the left, its badges, the tabs of the event queue, and which store is looked at."""

from typing import Any

from django.contrib.admin import site
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from config.backoffice import reports
from events.kernel.backoffice import managed_stores
from events.kernel.database_choice import can_read, reached
from stores.models import Store

_SESSION_KEY = "backoffice_store"


def chosen_store(request: HttpRequest) -> Store | None:
    """The store of `?store=<slug>`, else the one looked at last, else the first of the caller's."""
    cached = getattr(request, "_chosen_store", None)
    if cached is not None:
        return cached
    stores = managed_stores(request) if request.user.is_authenticated else {}
    wanted = request.GET.get("store") or request.session.get(_SESSION_KEY)
    slugs = [row.store_slug for row in stores.values()]
    if not slugs:
        return None
    slug = wanted if wanted in slugs else slugs[0]
    if request.session.get(_SESSION_KEY) != slug and "store" in request.GET:
        request.session[_SESSION_KEY] = slug
    store = Store.objects.filter(slug=slug).first()
    request._chosen_store = store  # type: ignore[attr-defined]
    return store


def site_header(request: HttpRequest) -> str:
    store = chosen_store(request)
    return store.name if store else "Hansang"


def site_subheader(request: HttpRequest) -> str:
    store = chosen_store(request)
    return store.branch if store else ""


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups of the menu; a page whose model has no admin is left out."""
    store = chosen_store(request)
    groups: list[tuple[str, list[tuple[Any, ...]]]] = [
        (
            "",
            [
                (_("Today"), "home", "admin:index", None),
                (_("Orders"), "receipt_long", "admin:orders_order_changelist", None),
                (_("Tabs"), "table_restaurant", "admin:orders_tab_changelist", None),
                (_("Payments"), "credit_card", "admin:payments_payment_changelist", payments_badge),
                (_("Refunds"), "undo", "admin:payments_refund_changelist", refunds_badge),
            ],
        ),
        (
            _("Menu and tables"),
            [
                (
                    _("Menu"),
                    "menu_book",
                    ("admin:menus_menu_changelist", "admin:menus_item_changelist"),
                    None,
                ),
                (_("Tables & QR"), "qr_code_2", "admin:stores_table_changelist", None),
            ],
        ),
        (
            _("Running the place"),
            [
                (_("Event queue"), "monitoring", "admin:queue", dead_letters_badge),
                (_("Printers"), "print", "admin:notifications_printer_changelist", silent_printers_badge),
                (
                    _("Webhooks"),
                    "webhook",
                    "admin:notifications_webhookaddress_changelist",
                    dead_addresses_badge,
                ),
                (_("Staff"), "group", "admin:stores_staffmembership_changelist", None),
                (_("Store settings"), "settings", "admin:stores_store_changelist", None),
            ],
        ),
    ]
    menu = [_group(request, title, entries) for title, entries in groups]
    if store:
        menu.append(_outside(request, store))
    return [group for group in menu if group["items"]]


def _group(request: HttpRequest, title: str, entries: list[tuple[Any, ...]]) -> dict[str, Any]:
    items = []
    for name, icon, targets, badge in entries:
        link = _first_link(targets)
        if link is None:
            continue
        item: dict[str, Any] = {"title": name, "icon": icon, "link": link}
        if badge and (text := badge(request)):
            item |= {"badge": text, "badge_callback": text, "badge_variant": "danger"}
        items.append(item)
    return {"title": title, "separator": False, "items": items}


def _first_link(targets: str | tuple[str, ...]) -> str | None:
    for target in (targets,) if isinstance(targets, str) else targets:
        try:
            return reverse(target)
        except NoReverseMatch:
            continue
    return None


def _outside(request: HttpRequest, store: Store) -> dict[str, Any]:
    items = [
        {"title": _("Staff board"), "icon": "dashboard", "link": f"/staff/{store.slug}/", "active": False}
    ]
    if preview := guest_preview(store):
        items.append({"title": _("Guest page"), "icon": "smartphone", "link": preview, "active": False})
    return {"title": _("Look in"), "separator": False, "items": items}


def guest_preview(store: Store) -> str | None:
    """A table's address, to see what a guest sees."""
    from stores.models import TableToken

    token = TableToken.objects.filter(table__store=store, table__retired_at=None, revoked_at=None).first()
    return f"/t/{token.token}/" if token else None


def dead_letters_badge(request: HttpRequest) -> str:
    store = chosen_store(request)
    count = reports.dead_letter_count(store, reached(request).there) if store else 0
    return str(count) if count else ""


def dead_addresses_badge(request: HttpRequest) -> str:
    store = chosen_store(request)
    count = len(reports.stopped_addresses(store)) if store and can_read(request, "notifications") else 0
    return str(count) if count else ""


def silent_printers_badge(request: HttpRequest) -> str:
    store = chosen_store(request)
    count = len(reports.silent_printers(store)) if store and can_read(request, "notifications") else 0
    return str(count) if count else ""


def refunds_badge(request: HttpRequest) -> str:
    store = chosen_store(request)
    count = reports.open_refund_count(store) if store and can_read(request, "payments") else 0
    return str(count) if count else ""


def payments_badge(request: HttpRequest) -> str:
    store = chosen_store(request)
    count = reports.payments_to_review(store) if store and can_read(request, "payments") else 0
    return str(count) if count else ""


def tabs(request: HttpRequest) -> list[dict[str, Any]]:
    """The pages of the event queue beside each other."""
    if not site.has_permission(request):
        return []
    dead = f"{reverse('admin:events_delivery_changelist')}?status__exact=3"
    models = ["events.event", "events.delivery", "events.intervention"]
    on_dead = request.GET.get("status__exact") == "3"
    # Also on the pages behind it that are no tabs themselves.
    on_overview = request.path.startswith(reverse("admin:queue")) and not request.path.startswith(
        reverse("admin:queue_steps")
    )
    on_deliveries = request.path.startswith(reverse("admin:events_delivery_changelist"))
    items = [
        {"title": _("Overview"), "link": reverse("admin:queue"), "active": on_overview},
        {"title": _("Dead letters"), "link": dead, "active": on_deliveries and on_dead},
        {
            "title": _("All steps"),
            "link": reverse("admin:events_delivery_changelist"),
            "active": on_deliveries and not on_dead,
        },
        {"title": _("Events"), "link": reverse("admin:events_event_changelist")},
        {"title": _("Switches"), "link": reverse("admin:queue_steps")},
        {"title": _("Snapshots"), "link": reverse("admin:snapshots")},
        {"title": _("What was done"), "link": reverse("admin:events_intervention_changelist")},
    ]
    return [{"page": "queue", "models": models, "items": items}, _webhook_tabs(), _printer_tabs()]


def _webhook_tabs() -> dict[str, Any]:
    models = ["notifications.webhookaddress", "notifications.webhookmessage"]
    items = [
        {"title": _("Addresses"), "link": reverse("admin:notifications_webhookaddress_changelist")},
        {"title": _("Messages"), "link": reverse("admin:notifications_webhookmessage_changelist")},
    ]
    return {"page": "webhooks", "models": models, "items": items}


def _printer_tabs() -> dict[str, Any]:
    models = ["notifications.printer", "notifications.printjob"]
    items = [
        {"title": _("Printers"), "link": reverse("admin:notifications_printer_changelist")},
        {"title": _("Kitchen tickets"), "link": reverse("admin:notifications_printjob_changelist")},
    ]
    return {"page": "printers", "models": models, "items": items}
