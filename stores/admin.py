"""Stores, tables and staff in the back office. Every change goes through the services, so it is told."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from events.kernel.backoffice import (
    MANAGERS,
    OWNERS,
    PlatformAdmin,
    ScopedTabularInline,
    StoreScopedAdmin,
    TellsRefusals,
    dialog_action,
)
from events.kernel.useful_actions import OnlyUseful
from stores import services
from stores.backoffice_forms import (
    HireForm,
    PasswordForm,
    PauseForm,
    RoleForm,
    StoreForm,
    TableForm,
)
from stores.models import OpeningHours, Role, StaffMembership, Store, Table, User

ROLE_COLORS = {Role.OWNER: "success", Role.MANAGER: "info"}


class OpeningHoursInline(ScopedTabularInline):
    model = OpeningHours
    fields = ("weekday", "opens", "last_order", "closes")
    ordering = ("weekday", "opens")
    verbose_name_plural = _("Opening hours (none: always open)")


@admin.register(Store)
class StoreAdmin(OnlyUseful, TellsRefusals, StoreScopedAdmin):
    """Settings of a branch."""

    store_field = "id"
    form = StoreForm
    list_display = ("name", "branch", "open_now")
    inlines = (OpeningHoursInline,)
    actions = None
    actions_detail = ("pause", "resume", "cards")
    fieldsets = (
        (None, {"fields": (("name", "branch"), "slug", "i18n", ("phone", "address"))}),
        (_("Guests"), {"fields": (("language", "languages"), "brand_color", ("pay_after", "tab_opening"))}),
        (_("Money and time"), {"fields": (("currency", "tax_rate_bp"), ("timezone", "day_cutoff_hour"))}),
        (_("Closed on"), {"fields": ("closed_dates",)}),
        (
            _("Kitchen"),
            {"fields": (("warn_minutes", "late_minutes"), ("unpaid_minutes", "auto_reject_minutes"))},
        ),
    )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).order_by("name")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # Money that was booked keeps its currency; printed cards and links keep the address.
        return ("currency", "slug") if obj is not None else ()

    def useless_actions(self, row: Store) -> tuple[str, ...]:
        return ("resume",) if row.accepting_orders else ("pause",)

    @display(description=_("taking orders"), label={True: "success", False: "danger"})
    def open_now(self, store: Store) -> tuple[bool, str]:
        return store.accepting_orders, str(_("yes") if store.accepting_orders else _("paused"))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The service does it, together with the opening hours, in `save_related`."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        for formset in formsets:
            formset.save(commit=False)  # so that the history can name what changed
        hours = [row for formset in formsets for row in _hours_of(formset)]
        if not change:
            services.open_store(
                **{name: form.cleaned_data[name] for name in form.cleaned_data},
                id=form.instance.pk,
                opening_hours=hours,
            )
            return
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        touched = any(formset.has_changed() for formset in formsets)
        if changes or touched:
            services.change_store(
                store_id=form.instance.pk, changes=changes, opening_hours=hours if touched else None
            )

    @dialog_action(
        title=_("Pause orders"),
        description=_("Guests can read the menu but not order until you go on."),
        submit=_("Pause"),
        form=PauseForm,
    )
    def pause(self, request: HttpRequest, form: Any, store: Store) -> str:
        services.pause_store(store_id=store.pk, message=form.cleaned_data["message"])
        return gettext("Orders are paused.")

    @dialog_action(title=_("Take orders again"), submit=_("Take orders"))
    def resume(self, request: HttpRequest, form: Any, store: Store) -> str:
        services.resume_store(store_id=store.pk)
        return gettext("Guests can order.")

    @action(description=_("Table cards"), permissions=("view",))
    def cards(self, request: HttpRequest, object_id: str) -> HttpResponse:
        store = self.object_or_404(request, object_id)
        return HttpResponseRedirect(reverse("stores:sheet", args=[store.slug]))


def _hours_of(formset: Any) -> list[dict[str, Any]]:
    names = ("weekday", "opens", "closes", "last_order")
    return [
        {name: form.cleaned_data[name] for name in names}
        for form in formset.forms
        if form.cleaned_data.get("opens") and form not in formset.deleted_forms
    ]


@admin.register(Table)
class TableAdmin(TellsRefusals, StoreScopedAdmin):
    """Tables and their printed codes."""

    form = TableForm
    list_display = ("name", "zone", "seats", "code", "position")
    list_filter = ("zone",)
    search_fields = ("name",)
    list_select_related = ("store",)
    list_per_page = 200
    ordering = ("store__name", "position", "name")
    ordering_field = "position"
    hide_ordering_field = True
    actions = ("print_cards",)
    actions_list = ("all_cards",)
    actions_row = ("card", "rotate", "retire")
    actions_detail = ("card_of_table", "rotate", "retire")
    fieldsets = (
        (None, {"fields": ("store", ("name", "zone"), ("seats", "position"))}),
        (
            _("On the floor plan, in percent of the room"),
            {"fields": ("shape", ("x", "y"), ("width", "height"))},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(retired_at=None)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("store",) if obj is not None else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a table is taken out of use; its history stays

    @display(description=_("code"))
    def code(self, table: Table) -> str:
        token = table.tokens.filter(revoked_at=None).first()
        return f"{token.token[:4]} …" if token else "–"

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        values = {name: form.cleaned_data[name] for name in form.changed_data if name in form.cleaned_data}
        if change:
            if values:
                services.change_table(table_id=obj.pk, changes=values)
            return
        values = {name: form.cleaned_data[name] for name in form.cleaned_data if name != "store"}
        services.add_table(store_id=form.cleaned_data["store"].pk, id=obj.pk, **values)

    @action(description=_("Table cards"), permissions=("view",), icon="qr_code_2")
    def all_cards(self, request: HttpRequest) -> HttpResponse:
        memberships = list(self.stores_for(request).values())
        if len(memberships) != 1:
            return HttpResponseRedirect(reverse("admin:stores_store_changelist"))
        return HttpResponseRedirect(reverse("stores:sheet", args=[memberships[0].store_slug]))

    @admin.action(description=_("Print the cards of these tables"), permissions=["view"])
    def print_cards(self, request: HttpRequest, queryset: QuerySet[Table]) -> HttpResponse:
        tables = list(queryset.select_related("store"))
        return _sheet(tables[0].store, tables)

    @action(description=_("Card"), permissions=("view",), url_path="card")
    def card(self, request: HttpRequest, object_id: str) -> HttpResponse:
        table = self.object_or_404(request, object_id)
        return _sheet(table.store, [table])

    @action(description=_("Print the card"), permissions=("view",), url_path="print-card")
    def card_of_table(self, request: HttpRequest, object_id: str) -> HttpResponse:
        table = self.object_or_404(request, object_id)
        return _sheet(table.store, [table])

    @dialog_action(
        title=_("New code"),
        description=_(
            "The printed card of this table stops working at once. Print the new one and swap them."
        ),
        submit=_("Make a new code"),
    )
    def rotate(self, request: HttpRequest, form: Any, table: Table) -> str:
        services.rotate_table_token(table_id=table.pk)
        return gettext("%(table)s has a new code. Print its card now.") % {"table": table.name}

    @dialog_action(
        title=_("Take out of use"),
        description=_("The table leaves the floor plan and its card stops working. Its past orders stay."),
        submit=_("Take out of use"),
    )
    def retire(self, request: HttpRequest, form: Any, table: Table) -> str:
        services.retire_table(table_id=table.pk)
        return gettext("%(table)s is out of use.") % {"table": table.name}


def _sheet(store: Store, tables: list[Table]) -> HttpResponse:
    """The printable page of these tables, all of one store."""
    chosen = "&".join(f"table={table.pk}" for table in tables if table.store_id == store.pk)
    return HttpResponseRedirect(f"{reverse('stores:sheet', args=[store.slug])}?{chosen}")


@admin.register(StaffMembership)
class StaffMembershipAdmin(OnlyUseful, TellsRefusals, StoreScopedAdmin):
    """Who works where, in which role. Managers read, owners change."""

    roles = MANAGERS
    edit_roles = OWNERS
    list_display = ("person", "role_name", "works_here", "since")
    list_filter = ("role", "active")
    list_select_related = ("user", "store")
    ordering = ("store__name", "created_at")
    actions = None
    actions_row = ("deactivate", "reactivate", "set_password")
    actions_detail = ("deactivate", "reactivate", "set_password")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        kwargs["form"] = RoleForm if obj is not None else HireForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is not None:
            return ((None, {"fields": ("person", "store", "role")}),)
        return ((None, {"fields": ("store", "role", "name", "username", "password")}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("person", "store") if obj is not None else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def useless_actions(self, row: StaffMembership) -> tuple[str, ...]:
        return ("reactivate",) if row.active else ("deactivate",)

    @display(description=_("name"))
    def person(self, row: StaffMembership) -> str:
        return f"{row.user.display_name} ({row.user.get_username()})"

    @display(description=_("works here since"), ordering="created_at")
    def since(self, row: StaffMembership) -> str:
        return date_format(localtime(row.created_at), "SHORT_DATE_FORMAT")

    @display(description=_("role"), label={**dict.fromkeys(Role, ""), **ROLE_COLORS})
    def role_name(self, row: StaffMembership) -> tuple[str, str]:
        return row.role, row.get_role_display()

    @display(description=_("active"), boolean=True)
    def works_here(self, row: StaffMembership) -> bool:
        return row.active

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        values = form.cleaned_data
        if change:
            if "role" in form.changed_data:
                services.change_role(membership_id=obj.pk, role=values["role"])
            return
        store_id: UUID = values["store"].pk
        hired = services.hire(
            store_id=store_id,
            username=values["username"],
            password=values["password"],
            role=values["role"],
            name=values["name"],
        )
        obj.pk, obj.user_id, obj._state.adding = hired.pk, hired.user_id, False

    @dialog_action(
        title=_("Ends here"),
        description=_("The person can no longer open this store. Their login and history stay."),
        submit=_("End it"),
    )
    def deactivate(self, request: HttpRequest, form: Any, row: StaffMembership) -> str:
        services.deactivate(membership_id=row.pk)
        return gettext("%(name)s no longer works here.") % {"name": row.user.display_name}

    @dialog_action(title=_("Works here again"), submit=_("Let them in"))
    def reactivate(self, request: HttpRequest, form: Any, row: StaffMembership) -> str:
        services.reactivate(membership_id=row.pk)
        return gettext("%(name)s works here again.") % {"name": row.user.display_name}

    @dialog_action(
        title=_("New password"),
        description=_("Only for people who work for you alone. They are signed out everywhere."),
        submit=_("Set it"),
        form=PasswordForm,
    )
    def set_password(self, request: HttpRequest, form: Any, row: StaffMembership) -> str:
        services.set_password(
            membership_id=row.pk,
            password=form.cleaned_data["password"],
            managed_store_ids=set(self.stores_for(request, edit=True)),
        )
        return gettext("%(name)s has a new password.") % {"name": row.user.display_name}


@admin.register(User)
class UserAdmin(DjangoUserAdmin, PlatformAdmin):  # type: ignore[type-arg]
    """Logins, for platform admins."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "person", "is_active", "is_superuser")
    list_filter = ("is_active", "is_superuser")
    filter_horizontal = ()

    @display(description=_("name"))
    def person(self, row: User) -> str:
        return row.display_name

    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email")}),
        (_("Access"), {"fields": ("is_active", "is_superuser")}),
    )
