"""Webhook addresses for owners: add, test, pause, see what was told. Changes go through the services."""

import json
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from events.kernel.backoffice import (
    OWNERS,
    ReadOnlyAdmin,
    ScopedTabularInline,
    StoreScopedAdmin,
    TellsRefusals,
    actor_of,
    dialog_action,
)
from events.kernel.useful_actions import OnlyUseful
from notifications.models import StoreSnapshot
from notifications.webhooks import services
from notifications.webhooks.addresses import Refused, parse, resolve
from notifications.webhooks.errors import TestFailed
from notifications.webhooks.models import (
    AddressState,
    MessageState,
    WebhookAddress,
    WebhookAttempt,
    WebhookMessage,
)
from notifications.webhooks.public import NAMES, PUBLIC_FIELDS

STATE_COLORS = {
    AddressState.ACTIVE: "success",
    AddressState.PAUSED: "warning",
    AddressState.DEAD: "danger",
    MessageState.SENT: "success",
    MessageState.QUEUED: "info",
    MessageState.WAITING: "warning",
    MessageState.FAILED: "danger",
}


def refusal_of(url: str) -> str:
    """Why this address cannot be used, asked of the network too; empty when it can."""
    try:
        resolve(parse(url))
    except Refused as refusal:
        return str(refusal.reason)
    except OSError:
        return gettext("This name is not known on the internet.")
    return ""


class AddressForm(forms.ModelForm):  # type: ignore[type-arg]
    store = forms.ChoiceField(label=_("Store"), widget=UnfoldAdminSelectWidget)
    url = forms.CharField(
        label=_("Address"),
        max_length=500,
        help_text=_("It must begin with https:// and be reachable from the internet."),
        widget=UnfoldAdminTextInputWidget({"inputmode": "url", "placeholder": "https://example.com/hansang"}),
    )
    description = forms.CharField(
        label=_("What for"), max_length=100, required=False, widget=UnfoldAdminTextInputWidget
    )
    topics = forms.MultipleChoiceField(
        label=_("Events"),
        choices=[(topic, NAMES[topic]) for topic in PUBLIC_FIELDS],
        help_text=_("They hold no names of guests or staff and no notes."),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    # Set by the page before its transaction begins: asking the network takes seconds.
    refusal = ""

    class Meta:
        model = WebhookAddress
        fields = ("url", "description")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.fields.pop("store", None)
            self.fields["topics"].initial = self.instance.topics

    def clean_store(self) -> UUID:
        return UUID(self.cleaned_data["store"])

    def clean_url(self) -> str:
        if self.refusal:
            raise forms.ValidationError(self.refusal)
        return str(self.cleaned_data["url"])


def address_form(request: HttpRequest, stores: list[UUID]) -> type[AddressForm]:
    """The form for a person who may add addresses to these stores."""
    names = {row.pk: str(row) for row in StoreSnapshot.objects.filter(pk__in=stores)}
    choices = [(str(pk), names.get(pk, str(pk))) for pk in stores]

    class Form(AddressForm):
        refusal = getattr(request, "_webhook_refusal", "")

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            field = self.fields.get("store")
            if isinstance(field, forms.ChoiceField):
                field.choices = choices
                if len(choices) == 1:
                    field.initial, field.widget = choices[0][0], forms.HiddenInput()

    return Form


@admin.register(WebhookAddress)
class WebhookAddressAdmin(OnlyUseful, TellsRefusals, StoreScopedAdmin):
    """Where a store's events are told. Secrets are shown once, when they are made."""

    roles = OWNERS
    list_display = ("label", "status", "events", "waiting", "last_success_at")
    ordering = ("created_at",)
    sortable_by = ("last_success_at",)
    actions = None
    actions_detail = ("send_test", "resume", "pause", "rotate", "remove")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        waits = Count("messages", filter=Q(messages__state=MessageState.WAITING), distinct=True)
        return super().get_queryset(request).prefetch_related("subscriptions").annotate(waits=waits)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # "Remove" asks and calls the service

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return address_form(request, list(self.stores_for(request, edit=True)))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ((None, {"fields": ("store", "url", "description", "topics")}),)
        seen = ("state_name", "state_reason", "waiting", "failures", "last_success_at", "old_secret_until")
        return (
            (None, {"fields": ("url", "description", "topics")}),
            (_("How it is doing"), {"fields": (*seen, ("created_by", "created_at"))}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        seen = ("state_reason", "failures", "last_success_at", "old_secret_until", "created_by", "created_at")
        return ("state_name", "waiting", *seen) if obj is not None else ()

    def useless_actions(self, row: WebhookAddress) -> tuple[str, ...]:
        return ("resume",) if row.state == AddressState.ACTIVE else ("pause",)

    @display(description=_("address"), header=True)
    def label(self, row: WebhookAddress) -> tuple[str, str]:
        return (row.description, row.url) if row.description else (row.url, "")

    @display(description=_("state"), label={state: STATE_COLORS[state] for state in AddressState})
    def status(self, row: WebhookAddress) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @display(description=_("state"))
    def state_name(self, row: WebhookAddress) -> str:
        return row.get_state_display()

    @display(description=_("events"))
    def events(self, row: WebhookAddress) -> int:
        return len(row.topics)

    @display(description=_("waiting"))
    def waiting(self, row: Any) -> int:
        return int(getattr(row, "waits", 0))

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST" and "url" in request.POST:
            request._webhook_refusal = refusal_of(request.POST["url"].strip())  # type: ignore[attr-defined]
        return super().changeform_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        values = {name: form.cleaned_data[name] for name in ("url", "description", "topics")}
        if change:
            services.change_address(address_id=obj.pk, **values)
            return
        store_id: UUID = form.cleaned_data["store"]
        _id, name = actor_of(request)
        made, secret = services.register_address(store_id=store_id, actor_name=name, **values)
        obj.pk, obj.store_id, obj._state.adding = made.pk, store_id, False
        messages.warning(request, shown_once(secret))

    @dialog_action(
        title=_("Send a test event"),
        description=_("Calls the address at once and shows its answer. Nothing else changes."),
        submit=_("Send"),
        icon="send",
    )
    def send_test(self, request: HttpRequest, form: Any, row: WebhookAddress) -> str:
        answer = services.send_test(address_id=row.pk)
        if not answer.is_success:
            raise TestFailed(str(answer))
        return gettext("The address answered %(status)s after %(ms)s ms. %(text)s") % {
            "status": answer.status,
            "ms": answer.duration_ms,
            "text": answer.excerpt[:120],
        }

    @dialog_action(
        title=_("Pause"),
        description=_("What happens meanwhile waits and is sent when you go on."),
        submit=_("Pause"),
        icon="pause",
    )
    def pause(self, request: HttpRequest, form: Any, row: WebhookAddress) -> str:
        _id, name = actor_of(request)
        services.pause_address(address_id=row.pk, actor_name=name)
        return gettext("The address is paused.")

    @dialog_action(
        title=_("Go on"),
        description=_("Sends everything that waits, in its order."),
        submit=_("Go on"),
        icon="play_arrow",
    )
    def resume(self, request: HttpRequest, form: Any, row: WebhookAddress) -> str:
        count = services.resume_address(address_id=row.pk)
        return gettext("The address is active; messages that waited: %(count)s.") % {"count": count}

    @dialog_action(
        title=_("New secret"),
        description=_("The new secret is shown once. For a day the old one signs beside it."),
        submit=_("Make a new secret"),
        icon="key",
    )
    def rotate(self, request: HttpRequest, form: Any, row: WebhookAddress) -> str:
        return shown_once(services.rotate_secret(address_id=row.pk))

    @dialog_action(
        title=_("Remove"),
        description=_("Nothing is sent there any more, and its log is deleted."),
        submit=_("Remove"),
        icon="delete",
    )
    def remove(self, request: HttpRequest, form: Any, row: WebhookAddress) -> str:
        services.remove_address(address_id=row.pk)
        return gettext("The address is removed.")


def shown_once(secret: str) -> str:
    """The sentence that hands over a secret."""
    said = gettext("Copy the secret now, it is not shown again:")
    return format_html("{} <code>{}</code>", said, secret)


class AttemptInline(ReadOnlyAdmin, ScopedTabularInline):
    model = WebhookAttempt
    fields = readonly_fields = ("at", "status", "duration_ms", "problem", "excerpt")
    ordering = ("-pk",)
    can_delete = False

    def _allowed(self, request: HttpRequest, obj: Any, *, edit: bool) -> bool:
        return ScopedTabularInline._allowed(self, request, obj, edit=edit)


@admin.register(WebhookMessage)
class WebhookMessageAdmin(ReadOnlyAdmin, StoreScopedAdmin):
    """What was told to whom, and every answer."""

    roles = OWNERS
    list_display = ("created_at", "what", "address", "status", "last_answer", "milliseconds")
    list_filter = ("state", "topic", "created_at")
    search_fields = ("event_id", "address__url")
    ordering = ("-pk",)
    sortable_by = ()
    list_select_related = ("address",)
    show_full_result_count = False
    inlines = (AttemptInline,)
    fields = readonly_fields = ("what", "address", "state", "webhook_id", "created_at", "sent_at", "pretty")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        last = WebhookAttempt.objects.filter(message=OuterRef("pk")).order_by("-pk")
        return (
            super()
            .get_queryset(request)
            .annotate(
                last_status=Subquery(last.values("status")[:1]),
                last_problem=Subquery(last.values("problem")[:1]),
                last_ms=Subquery(last.values("duration_ms")[:1]),
            )
        )

    @display(description=_("event"))
    def what(self, row: WebhookMessage) -> str:
        return str(NAMES.get(row.topic, row.topic))

    @display(description=_("state"), label={state: STATE_COLORS[state] for state in MessageState})
    def status(self, row: WebhookMessage) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @display(description=_("answer"))
    def last_answer(self, row: Any) -> str:
        return " ".join(str(part) for part in (row.last_status, row.last_problem) if part) or "–"

    @display(description=_("milliseconds"))
    def milliseconds(self, row: Any) -> str:
        return "–" if row.last_ms is None else str(row.last_ms)

    @display(description="webhook-id")
    def webhook_id(self, row: WebhookMessage) -> str:
        return row.public_id

    @display(description=_("body"))
    def pretty(self, row: WebhookMessage) -> str:
        text = json.dumps(json.loads(row.body), ensure_ascii=False, indent=2)
        return format_html('<pre style="white-space: pre-wrap; overflow-wrap: anywhere">{}</pre>', text)
