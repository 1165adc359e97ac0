"""The base of every admin class: scoped to the person's stores, and without any change by GET.

Who may do what comes from `request.memberships`, never from Django's permission rows. Only this module and
the admin modules know the theme, so that it can be exchanged.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.db.models import ForeignKey, Model, QuerySet
from django.forms import Form, ModelChoiceField
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, StackedInline, TabularInline
from unfold.decorators import action
from unfold.forms import BaseDialogForm

from events.kernel.errors import DomainError

Roles = frozenset[str]
MANAGERS: Roles = frozenset({"owner", "manager"})
OWNERS: Roles = frozenset({"owner"})
Text = str | Promise


def managed_stores(request: HttpRequest, roles: Roles = MANAGERS) -> dict[UUID, Any]:
    """store id -> Membership, of the stores where the caller has one of `roles`."""
    memberships = request.memberships  # type: ignore[attr-defined]
    return {key: row for key, row in memberships.items() if row.role in roles}


def actor_of(request: HttpRequest) -> tuple[UUID, str]:
    """The caller's id and name, as histories keep them."""
    user: Any = request.user
    return user.pk, user.display_name


def may_enter(request: HttpRequest) -> bool:
    """Whether the back office opens for the caller: active, admitted, and owner or manager somewhere."""
    user = request.user
    if not (user.is_active and user.is_staff):
        return False
    return user.is_superuser or bool(managed_stores(request))


class _MembershipPermissions:
    """Answers Django's permission questions from the caller's memberships."""

    roles: Roles = MANAGERS
    edit_roles: Roles | None = None  # default: the same as `roles`
    store_field = "store_id"

    def stores_for(self, request: HttpRequest, *, edit: bool = False) -> dict[UUID, Any]:
        """The stores whose rows the caller may see, or with `edit` change."""
        roles = self.edit_roles if edit and self.edit_roles is not None else self.roles
        return managed_stores(request, roles)

    def store_id_of(self, obj: Any) -> UUID | None:
        """The store that the row belongs to, found along `store_field`."""
        for name in self.store_field.split("__"):
            obj = getattr(obj, name, None)
        return getattr(obj, "pk", obj)

    def _allowed(self, request: HttpRequest, obj: Any, *, edit: bool) -> bool:
        stores = self.stores_for(request, edit=edit)
        if not may_enter(request) or not stores:
            return False
        if not isinstance(obj, Model):  # None, or the id that the theme passes: the queryset judges later
            return True
        return obj._state.adding or self.store_id_of(obj) in stores

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._allowed(request, None, edit=False)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._allowed(request, obj, edit=False)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._allowed(request, None, edit=True)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._allowed(request, obj, edit=True)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._allowed(request, obj, edit=True)


class StoreScopedAdmin(_MembershipPermissions, ModelAdmin):
    """Rows of the caller's stores only. `store_field` is the lookup from the row to the store's id.

    Choices of foreign keys are limited the same way when their model has a scoped admin too; a row that would
    land in a store where the caller may not change this is refused, whatever `save_model` does with it.
    `roles` may read, `edit_roles` may change (default: the same).
    """

    list_fullwidth = True
    list_per_page = 50
    compressed_fields = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.filter(**{f"{self.store_field}__in": list(self.stores_for(request))})

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """Refuses chosen rows that are no keys: Django would look for them, and fail."""
        for key in request.POST.getlist(ACTION_CHECKBOX_NAME):
            try:
                self.opts.pk.to_python(key)
            except ValidationError as error:
                raise BadRequest(key) from error
        return super().response_action(request, queryset)

    def formfield_for_foreignkey(
        self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> "ModelChoiceField[Any] | None":
        related = self.admin_site._registry.get(db_field.remote_field.model)
        if isinstance(related, StoreScopedAdmin) and "queryset" not in kwargs:
            stores = list(self.stores_for(request, edit=True))
            rows = related.get_queryset(request)
            kwargs["queryset"] = rows.filter(**{f"{related.store_field}__in": stores})
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        stores = list(self.stores_for(request, edit=True))
        only = {"store": stores[0]} if len(stores) == 1 else {}
        return {**only, **super().get_changeform_initial_data(request)}

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        obj = super().save_form(request, form, change)
        # A row of the store table itself is the one thing that belongs to no store yet.
        is_new_store = self.store_field in {"id", "pk"} and not change
        store_id = self.store_id_of(obj) or form.cleaned_data.get("store")
        if not is_new_store and store_id not in self.stores_for(request, edit=True):
            raise PermissionDenied
        return obj

    def object_or_404(self, request: HttpRequest, object_id: Any) -> Any:
        """The row if the caller may see it; otherwise the same 404 as for a row that is not there."""
        try:
            row = self.get_queryset(request).filter(pk=object_id).first()
        except (ValueError, ValidationError):
            row = None
        if row is None:
            raise Http404
        return row

    def list_url(self) -> str:
        """The address of this model's list."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def row_url(self, object_id: Any) -> str:
        """The address of one row's page."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[object_id])


class ReadOnlyAdmin(_MembershipPermissions):
    """Mix in first: the rows can be read, and changed only by actions that call services."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """For actions: `dialog_action(permissions=("operate",))`."""
        return self._allowed(request, obj, edit=True)


class TellsStory:
    """Mix in first and list "timeline" in `actions_detail`: a button to what happened around a row.

    `story_of(row)` gives the page's address (events.timeline.story_address).
    """

    def story_of(self, row: Any) -> str:
        raise NotImplementedError

    @action(description=_("Timeline"), permissions=("view",), url_path="timeline", icon="timeline")
    def timeline(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.object_or_404(request, object_id)  # type: ignore[attr-defined]
        return HttpResponseRedirect(self.story_of(row))


class PlatformAdmin(ModelAdmin):
    """Only for the people who run the whole installation."""

    def _is_platform(self, request: HttpRequest) -> bool:
        return may_enter(request) and bool(request.user.is_superuser)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._is_platform(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_platform(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._is_platform(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_platform(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_platform(request)


class ScopedTabularInline(_MembershipPermissions, TabularInline):
    """Rows below a scoped row: the parent's page already proved the store."""

    extra = 0

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        for field in formset.form.base_fields.values():
            if field.label:  # a column's heading is no label of its cells
                field.widget.attrs.setdefault("aria-label", field.label)
        return formset

    def _allowed(self, request: HttpRequest, obj: Any, *, edit: bool) -> bool:
        return may_enter(request) and bool(self.stores_for(request, edit=edit))


class ScopedStackedInline(_MembershipPermissions, StackedInline):
    """Like ScopedTabularInline, one block per row."""

    extra = 0

    def _allowed(self, request: HttpRequest, obj: Any, *, edit: bool) -> bool:
        return may_enter(request) and bool(self.stores_for(request, edit=edit))


Operation = Callable[..., Text | None]


def dialog_action(
    *,
    title: Text,
    description: Text = "",
    submit: Text = "",
    form: type[BaseDialogForm] | None = None,
    permissions: tuple[str, ...] = ("change",),
    url_path: str | None = None,
    icon: str | None = None,
    variant: Any = None,
) -> Callable[[Operation], Any]:
    """A row, detail or list action that asks first: GET only shows the dialog, the CSRF-checked POST acts.

    Decorates `method(self, request, form, obj)` (without `obj` for list actions). It calls a service and
    returns the sentence to show, or None. A DomainError is shown as a message.
    """
    dialog = {
        "title": title,
        "description": description,
        "form_class": form,
        "form_submit_text": submit,
    }

    def decorate(operation: Operation) -> Any:
        @wraps(operation)
        def run(self: StoreScopedAdmin, request: HttpRequest, form: Form, **kwargs: Any) -> HttpResponse:
            rows = [self.object_or_404(request, kwargs["object_id"])] if "object_id" in kwargs else []
            if rows and not all(
                getattr(self, f"has_{name}_permission")(request, rows[0]) for name in permissions
            ):
                raise PermissionDenied
            _tell(request, lambda: operation(self, request, form, *rows))
            return after_dialog(request, self.row_url(rows[0].pk) if rows else self.list_url())

        return action(
            permissions=permissions,
            description=title,
            url_path=url_path,
            icon=icon,
            variant=variant,
            dialog=dialog,
        )(run)

    return decorate


def _tell(request: HttpRequest, operation: Callable[[], Text | None]) -> None:
    try:
        said = operation()
    except DomainError as error:
        messages.error(request, f"{error.title}: {error.detail}" if error.detail else str(error.title))
        return
    if said:
        messages.success(request, str(said))


def after_dialog(request: HttpRequest, url: str) -> HttpResponse:
    """Back to a page: by htmx inside the theme's dialog, by a redirect without it."""
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


class TellsRefusals:
    """Mix in first: a service that refuses while a form is saved becomes a message, and nothing is saved."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._told(request, super().changeform_view, *args, **kwargs)  # type: ignore[misc]

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._told(request, super().changelist_view, *args, **kwargs)  # type: ignore[misc]

    def _told(
        self, request: HttpRequest, view: Callable[..., HttpResponse], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except DomainError as error:
            messages.error(request, f"{error.title}: {error.detail}" if error.detail else str(error.title))
            return HttpResponseRedirect(request.get_full_path())
