"""Printers for owners and managers: add, test, pause; every ticket, as it looks on paper."""

import base64
import re
from io import BytesIO
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from events.kernel.backoffice import (
    ReadOnlyAdmin,
    StoreScopedAdmin,
    TellsRefusals,
    TellsStory,
    actor_of,
    dialog_action,
)
from events.kernel.useful_actions import OnlyUseful
from events.timeline import story_address
from notifications.models import StoreSnapshot
from notifications.printing import services
from notifications.printing.models import (
    OPEN_STATES,
    JobState,
    Paper,
    Printer,
    PrinterState,
    PrintJob,
    Way,
)
from notifications.printing.paper import picture_of, remarks_on
from notifications.printing.services import ORDERS
from notifications.printing.troubles import NotPrinted, in_words

COLORS = {
    PrinterState.ACTIVE: "success",
    PrinterState.PAUSED: "warning",
    JobState.PRINTED: "success",
    JobState.QUEUED: "info",
    JobState.WAITING: "warning",
    JobState.MISSED: "danger",
    JobState.NEEDLESS: "info",
}


class PrinterForm(forms.ModelForm):  # type: ignore[type-arg]
    store = forms.ChoiceField(label=_("Store"), widget=UnfoldAdminSelectWidget)
    way = forms.ChoiceField(
        label=_("How it is reached"),
        choices=Way.choices,
        help_text=_("Choose CloudPRNT when Hansang does not run in the restaurant's own network."),
        widget=UnfoldAdminSelectWidget,
    )
    host = forms.CharField(
        label=_("Address in the network"),
        required=False,
        max_length=60,
        help_text=_("For a printer in the network: its IPv4 address. Fix it in the router."),
        widget=UnfoldAdminTextInputWidget({"placeholder": "192.168.0.50"}),
    )
    port = forms.IntegerField(label=_("Port"), initial=9100, widget=UnfoldAdminIntegerFieldWidget)
    paper = forms.TypedChoiceField(
        label=_("Paper"), choices=Paper.choices, coerce=int, widget=UnfoldAdminSelectWidget
    )
    language = forms.ChoiceField(
        label=_("Language of the tickets"),
        choices=settings.LANGUAGES,
        help_text=_("What the cooks read, whatever the guests read."),
        widget=UnfoldAdminSelectWidget,
    )
    stations = forms.CharField(
        label=_("Kitchen stations"),
        required=False,
        help_text=_("Separated by commas, as they are called at the dishes; empty for all dishes."),
        widget=UnfoldAdminTextInputWidget,
    )
    changes = forms.BooleanField(
        label=_("Print changes, too"),
        required=False,
        initial=True,
        help_text=_("Cancellations, dishes taken off, other tables."),
        widget=UnfoldBooleanSwitchWidget,
    )

    class Meta:
        model = Printer
        fields = ("name", "way", "host", "port", "paper", "language", "stations")
        widgets = {"name": UnfoldAdminTextInputWidget}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:
            return
        self.fields.pop("store", None)
        self.initial["stations"] = ", ".join(self.instance.stations)
        self.fields["changes"].initial = set(self.instance.topics) > set(ORDERS)

    def clean_store(self) -> UUID:
        return UUID(self.cleaned_data["store"])

    def clean_stations(self) -> list[str]:
        names = (name.strip() for name in re.split("[,，、]", self.cleaned_data["stations"]))
        return list(dict.fromkeys(filter(None, names)))

    @property
    def values(self) -> dict[str, Any]:
        """What the services take."""
        return {name: self.cleaned_data[name] for name in (*self.Meta.fields, "changes")}


def printer_form(stores: list[UUID]) -> type[PrinterForm]:
    """The form for a person who may add printers to these stores."""
    snapshots = {row.pk: row for row in StoreSnapshot.objects.filter(pk__in=stores)}
    choices = [(str(pk), str(snapshots.get(pk, pk))) for pk in stores]
    languages = [snapshots[pk].data.get("language", "") for pk in stores if pk in snapshots]

    class Form(PrinterForm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            field = self.fields.get("store")
            if not isinstance(field, forms.ChoiceField):
                return
            field.choices = choices
            self.fields["language"].initial = next(iter(languages), "")
            if len(choices) == 1:
                field.initial, field.widget = choices[0][0], forms.HiddenInput()

    return Form


@admin.register(Printer)
class PrinterAdmin(OnlyUseful, TellsRefusals, StoreScopedAdmin):
    """A store's printers."""

    list_display = ("name", "status", "doing", "waiting", "last_printed_at")
    ordering = ("name",)
    sortable_by = ("name", "last_printed_at")
    actions = None
    actions_detail = ("print_test", "resume", "pause", "give_address", "remove")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        waits = Count("jobs", filter=Q(jobs__state__in=OPEN_STATES), distinct=True)
        return super().get_queryset(request).prefetch_related("subscriptions").annotate(waits=waits)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # "Remove" asks and calls the service

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return printer_form(list(self.stores_for(request, edit=True)))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        place = ("way", "host", "port")
        ticket = ("paper", "language", "stations", "changes")
        if obj is None:
            return ((None, {"fields": ("store", "name", *place)}), (_("Kitchen tickets"), {"fields": ticket}))
        seen = ("doing", "waiting", "last_seen_at", "last_printed_at", "created_by", "created_at")
        return (
            (None, {"fields": ("name", *place)}),
            (_("Kitchen tickets"), {"fields": ticket}),
            (_("How it is doing"), {"fields": seen}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        seen = ("doing", "waiting", "last_seen_at", "last_printed_at", "created_by", "created_at")
        return seen if obj is not None else ()

    def useless_actions(self, row: Printer) -> tuple[str, ...]:
        useless = ("resume",) if row.is_open else ("pause",)
        return useless if row.asks else (*useless, "give_address")

    @display(description=_("state"), label={state: COLORS[state] for state in PrinterState})
    def status(self, row: Printer) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @display(description=_("how it is doing"))
    def doing(self, row: Printer) -> str:
        if row.asks and not row.token_digest:
            return gettext("It has no address to ask at yet.")
        return str(in_words(row.problem)) or (gettext("All is well.") if row.last_printed_at else "–")

    @display(description=_("waiting"))
    def waiting(self, row: Any) -> int:
        return int(getattr(row, "waits", 0))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            services.change_printer(printer_id=obj.pk, **form.values)
            return
        store_id: UUID = form.cleaned_data["store"]
        _id, name = actor_of(request)
        made = services.add_printer(store_id=store_id, actor_name=name, **form.values)
        obj.pk, obj.store_id, obj._state.adding = made.pk, store_id, False

    @dialog_action(
        title=_("Print a test ticket"),
        description=_("Prints a sample at once. Nothing else changes."),
        submit=_("Print"),
        icon="print",
    )
    def print_test(self, request: HttpRequest, form: Any, row: Printer) -> str:
        _id, name = actor_of(request)
        services.print_test(printer_id=row.pk, actor_name=name)
        if row.asks:
            return gettext("The test ticket waits to be fetched by the printer.")
        return gettext("The printer took the test ticket.")

    @dialog_action(
        title=_("Pause"),
        description=_("Tickets wait meanwhile. Those older than twenty minutes are not printed any more."),
        submit=_("Pause"),
        icon="pause",
    )
    def pause(self, request: HttpRequest, form: Any, row: Printer) -> str:
        _id, name = actor_of(request)
        services.pause_printer(printer_id=row.pk, actor_name=name)
        return gettext("The printer is paused.")

    @dialog_action(
        title=_("Go on"),
        description=_("Prints what waits, in its order, but nothing older than twenty minutes."),
        submit=_("Go on"),
        icon="play_arrow",
    )
    def resume(self, request: HttpRequest, form: Any, row: Printer) -> str:
        count = services.resume_printer(printer_id=row.pk)
        return gettext("The printer is active; tickets that waited: %(count)s.") % {"count": count}

    @dialog_action(
        title=_("New address"),
        description=_("Makes the address where the printer asks. It is shown once; the old one is void."),
        submit=_("Make an address"),
        icon="key",
    )
    def give_address(self, request: HttpRequest, form: Any, row: Printer) -> str:
        token = services.new_address(printer_id=row.pk)
        url = f"{settings.PUBLIC_URL}{reverse('notifications:cloud-printer', args=[token])}"
        said = gettext("Enter this address in the printer as its CloudPRNT URL; it is not shown again:")
        return format_html('{} <code style="overflow-wrap: anywhere">{}</code>', said, url)

    @dialog_action(
        title=_("Remove"),
        description=_("Nothing is printed there any more, and its tickets are deleted here."),
        submit=_("Remove"),
        icon="delete",
    )
    def remove(self, request: HttpRequest, form: Any, row: Printer) -> str:
        services.remove_printer(printer_id=row.pk)
        return gettext("The printer is removed.")


@admin.register(PrintJob)
class PrintJobAdmin(OnlyUseful, TellsStory, ReadOnlyAdmin, StoreScopedAdmin):
    """What came out of the printers, and what did not."""

    list_display = ("created_at", "what", "table", "status", "printer", "said")
    list_filter = ("state", "kind", "created_at")
    search_fields = ("order_id", "content__number", "content__table")
    ordering = ("-pk",)
    sortable_by = ()
    list_select_related = ("printer",)
    show_full_result_count = False
    actions_detail = ("print_again", "timeline")
    fields = readonly_fields = (
        "paper", "printer", "state", "said", "attempts", "remarks", "created_at", "printed_at",
    )  # fmt: skip

    def story_of(self, row: PrintJob) -> str:
        return story_address(row.correlation_id, order=row.order_id) if row.correlation_id else ""

    def useless_actions(self, row: PrintJob) -> tuple[str, ...]:
        without = ("print_again",) if row.state in OPEN_STATES else ()
        return without if row.correlation_id else (*without, "timeline")

    @display(description=_("ticket"))
    def what(self, row: PrintJob) -> str:
        return str(row)

    @display(description=_("table"))
    def table(self, row: PrintJob) -> str:
        return str(row.content.get("table", ""))

    @display(description=_("state"), label={state: COLORS[state] for state in JobState})
    def status(self, row: PrintJob) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @display(description=_("problem"))
    def said(self, row: PrintJob) -> str:
        return str(in_words(row.problem)) or "–"

    @display(description=_("remarks"))
    def remarks(self, row: PrintJob) -> str:
        return " · ".join(remarks_on(row)) or "–"

    @display(description=_("on paper"))
    def paper(self, row: PrintJob) -> str:
        file = BytesIO()
        try:
            picture = picture_of(row)
        except NotPrinted as error:
            return str(in_words(str(error)))
        picture.save(file, "PNG", optimize=True)
        source = base64.b64encode(file.getvalue()).decode()
        return format_html(
            '<img src="data:image/png;base64,{}" alt="{}" width="{}" style="border: 1px solid #ccc">',
            source,
            str(row),
            picture.width // 2,
        )

    @dialog_action(
        title=_("Print again"),
        description=_("The same ticket once more. It says that it is a copy, so that nobody cooks twice."),
        submit=_("Print"),
        icon="print",
        permissions=("operate",),
    )
    def print_again(self, request: HttpRequest, form: Any, row: PrintJob) -> str:
        _id, name = actor_of(request)
        services.print_again(job_id=row.pk, actor_name=name)
        return gettext("The copy is on its way to the printer.")
