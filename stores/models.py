"""Restaurants, their tables with codes, and the people who work there."""

from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from events.kernel.ids import new_id
from events.kernel.money import CURRENCIES


class User(AbstractUser):
    """A person who signs in: owner, staff or platform admin. Guests never do."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.get_username()


class PayAfter(models.TextChoices):
    ORDER = "order", _("each order, before it is cooked")
    TAB = "tab", _("the meal, at the end")


class TabOpening(models.TextChoices):
    FIRST_SCAN = "first_scan", _("by the first guest who scans")
    STAFF = "staff", _("by staff, for each party")


class Store(models.Model):
    """One restaurant branch."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.SlugField(_("address"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    branch = models.CharField(_("branch"), max_length=80, blank=True)
    i18n = models.JSONField(_("translations"), default=dict, blank=True)
    language = models.CharField(_("main language"), max_length=10, default="ko")
    languages = models.JSONField(_("languages of the guest page"), default=list)
    timezone = models.CharField(_("time zone"), max_length=40, default="Asia/Seoul")
    currency = models.CharField(
        _("currency"), max_length=3, default="KRW", choices=[(c, c) for c in CURRENCIES]
    )
    brand_color = models.CharField(
        _("brand color"),
        max_length=7,
        default="#0e6b4b",
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$", _("A color such as #0e6b4b"))],
    )
    pay_after = models.CharField(_("guests pay"), max_length=10, choices=PayAfter, default=PayAfter.ORDER)
    tab_opening = models.CharField(
        _("a table is opened"), max_length=12, choices=TabOpening, default=TabOpening.FIRST_SCAN
    )
    closed_dates = models.JSONField(_("closed on"), default=list, blank=True)
    day_cutoff_hour = models.PositiveSmallIntegerField(
        _("business day starts at"), default=5, validators=[MaxValueValidator(12)]
    )
    accepting_orders = models.BooleanField(_("taking orders"), default=True)
    pause_message = models.CharField(_("message while paused"), max_length=200, blank=True)
    unpaid_minutes = models.PositiveSmallIntegerField(_("minutes to pay"), default=10)
    auto_reject_minutes = models.PositiveSmallIntegerField(
        _("minutes until an unanswered order is refused"), default=15
    )
    warn_minutes = models.PositiveSmallIntegerField(_("hurry after minutes"), default=5)
    late_minutes = models.PositiveSmallIntegerField(_("late after minutes"), default=8)
    tax_rate_bp = models.PositiveSmallIntegerField(_("VAT in prices, basis points"), default=1000)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    address = models.CharField(_("postal address"), max_length=200, blank=True)
    version_number = models.PositiveBigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("store")
        verbose_name_plural = _("stores")
        constraints = [
            models.CheckConstraint(condition=Q(pay_after__in=PayAfter.values), name="store_pay_after_known"),
            models.CheckConstraint(
                condition=Q(tab_opening__in=TabOpening.values), name="store_tab_opening_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.branch}".strip()

    def clean(self) -> None:
        known = dict(settings.LANGUAGES)
        if not isinstance(self.languages, list) or not all(code in known for code in self.languages):
            raise ValidationError({"languages": _("Choose from: %s") % ", ".join(known)})
        if self.language not in self.languages:
            raise ValidationError({"languages": _("The main language must be one of them.")})
        try:
            ZoneInfo(self.timezone)
        except (ValueError, OSError, KeyError):
            raise ValidationError({"timezone": _("A time zone such as Asia/Seoul")}) from None
        if self.late_minutes <= self.warn_minutes:
            raise ValidationError({"late_minutes": _("Late must come after hurry.")})


# Up to 29:59: a night that ends at two in the morning belongs to the evening it began.
CLOCK = RegexValidator(r"^([01]\d|2\d):[0-5]\d\Z", _("A time such as 11:00; after midnight 25:00"))


class OpeningHours(models.Model):
    """One span of one weekday; `closes` may pass midnight ("25:00")."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="opening_hours")
    weekday = models.PositiveSmallIntegerField(
        _("weekday"),
        choices=list(
            enumerate(
                [
                    _("Monday"),
                    _("Tuesday"),
                    _("Wednesday"),
                    _("Thursday"),
                    _("Friday"),
                    _("Saturday"),
                    _("Sunday"),
                ]
            )
        ),
    )
    opens = models.CharField(_("opens"), max_length=5, default="11:00", validators=[CLOCK])
    closes = models.CharField(_("closes"), max_length=5, default="22:00", validators=[CLOCK])
    last_order = models.CharField(_("last order"), max_length=5, default="21:30", validators=[CLOCK])

    class Meta:
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens}–{self.closes}"

    def clean(self) -> None:
        if not self.opens < self.last_order <= self.closes:
            raise ValidationError(_("Order of times: opens, last order, closes (25:00 is one at night)."))


class TableShape(models.TextChoices):
    SQUARE = "square", _("square")
    ROUND = "round", pgettext_lazy("table shape", "round")
    WIDE = "wide", _("wide")


class Table(models.Model):
    """A place to sit; its place on the floor plan is in percent of the room."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="tables", verbose_name=_("store"))
    name = models.CharField(_("name"), max_length=20)
    zone = models.CharField(_("zone"), max_length=40, blank=True)
    seats = models.PositiveSmallIntegerField(_("seats"), default=4, validators=[MinValueValidator(1)])
    shape = models.CharField(_("shape"), max_length=10, choices=TableShape, default=TableShape.SQUARE)
    x = models.PositiveSmallIntegerField(_("from the left"), default=5, validators=[MaxValueValidator(100)])
    y = models.PositiveSmallIntegerField(_("from the top"), default=5, validators=[MaxValueValidator(100)])
    width = models.PositiveSmallIntegerField(_("width"), default=14, validators=[MaxValueValidator(100)])
    height = models.PositiveSmallIntegerField(_("height"), default=22, validators=[MaxValueValidator(100)])
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)
    version_number = models.PositiveBigIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("table")
        verbose_name_plural = _("tables")
        constraints = [
            models.UniqueConstraint(
                fields=["store", "name"], condition=Q(retired_at=None), name="table_name_once_per_store"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TableToken(models.Model):
    """The code printed for a table. Rotating makes a new row; the old one says "ask for the new card"."""

    token = models.CharField(primary_key=True, max_length=24)
    table = models.ForeignKey(Table, on_delete=models.CASCADE, related_name="tokens")
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["table"], condition=Q(revoked_at=None), name="one_valid_token_per_table"
            ),
        ]

    def __str__(self) -> str:
        return self.token


class Role(models.TextChoices):
    OWNER = "owner", _("owner")
    MANAGER = "manager", _("manager")
    FLOOR = "floor", _("floor")
    KITCHEN = "kitchen", _("kitchen")


class StaffMembership(models.Model):
    """A person's role in one store."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    store = models.ForeignKey(
        Store, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("store")
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.FLOOR)
    active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("member of staff")
        verbose_name_plural = _("staff")
        constraints = [
            models.UniqueConstraint(fields=["store", "user"], name="one_membership_per_store"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user.display_name} · {self.get_role_display()}"


class LoginFailure(models.Model):
    """A wrong password, kept for a while: too many of them close the door."""

    username = models.CharField(max_length=150)
    address = models.GenericIPAddressField(null=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["username", "at"], name="login_failure_username"),
            models.Index(fields=["address", "at"], name="login_failure_address"),
        ]

    def __str__(self) -> str:
        return f"{self.username} {self.at}"
