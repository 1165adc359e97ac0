"""What a restaurant sells: the draft that owners edit, and the versions that guests see."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from events.kernel.ids import new_id
from menus.codes import ALLERGEN_CODES, DIET_CODES
from menus.events import MenuPhoto

MAX_PRICE = 1_000_000_000
TRANSLATED = ("name", "description")


def check_i18n(value: Any) -> None:
    """{"en": {"name": "…", "description": "…"}, …} and nothing else."""
    known = dict(settings.LANGUAGES)
    if not isinstance(value, dict):
        raise ValidationError(_("Translations must be given by language."))
    for code, texts in value.items():
        if code not in known:
            raise ValidationError(_("Unknown language: %s") % code)
        if not isinstance(texts, dict) or not all(
            field in TRANSLATED and isinstance(text, str) for field, text in texts.items()
        ):
            raise ValidationError(_("A translation has a name and a description."))


def check_allergens(value: Any) -> None:
    _check_codes(value, ALLERGEN_CODES)


def check_diet(value: Any) -> None:
    _check_codes(value, DIET_CODES)


def _check_codes(value: Any, known: frozenset[str]) -> None:
    if not isinstance(value, list) or not all(isinstance(code, str) and code in known for code in value):
        raise ValidationError(_("Choose from the list."))


class StoreSnapshot(models.Model):
    """What menus must know of a store: its name, languages and currency."""

    store_id = models.UUIDField(primary_key=True)
    version_number = models.BigIntegerField()
    data = models.JSONField()

    def __str__(self) -> str:
        return f"{self.data.get('name', '')} {self.data.get('branch', '')}".strip()


class Menu(models.Model):
    """A store's menu: the draft and the number of its last published version."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    store_id = models.UUIDField(unique=True)
    version_number = models.PositiveBigIntegerField(_("version"), default=0, editable=False)
    published_at = models.DateTimeField(_("published"), null=True, editable=False)

    class Meta:
        verbose_name = _("menu")
        verbose_name_plural = _("menus")

    def __str__(self) -> str:
        store = StoreSnapshot.objects.filter(pk=self.store_id).first()
        return str(store) if store else str(_("menu"))


class MenuVersion(models.Model):
    """A published menu; never changed. Guests see it and orders are priced by it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    menu = models.ForeignKey(Menu, on_delete=models.PROTECT, related_name="versions")
    store_id = models.UUIDField()
    version_number = models.PositiveBigIntegerField(_("version"))
    document = models.JSONField()
    published_at = models.DateTimeField(_("published"), auto_now_add=True)
    published_by_id = models.UUIDField(null=True)
    published_by = models.CharField(_("published by"), max_length=150, blank=True)

    class Meta:
        verbose_name = _("menu version")
        verbose_name_plural = _("menu versions")
        constraints = [
            models.UniqueConstraint(fields=["menu", "version_number"], name="menu_version_number"),
        ]

    def __str__(self) -> str:
        return f"{self.version_number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("a published menu is never changed")
        super().save(*args, **kwargs)


class PhotoState(models.TextChoices):
    WAITING = "waiting", _("being prepared")
    READY = "ready", _("ready")
    FAILED = "failed", _("failed")


class Photo(models.Model):
    """A picture in three widths. The upload is kept only until it is re-encoded."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    store_id = models.UUIDField(db_index=True)
    title = models.CharField(_("title"), max_length=120, blank=True)
    original = models.FileField(upload_to="uploads/", blank=True)
    state = models.CharField(_("state"), max_length=10, choices=PhotoState, default=PhotoState.WAITING)
    # Why it failed: a code of menus.pictures.REASONS.
    failure = models.CharField(max_length=20, blank=True)
    color = models.CharField(max_length=7, default="#e7e2d8")
    # {"160": address, "320": …, "640": …}; addresses never change what they show.
    addresses = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(_("uploaded"), auto_now_add=True)

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        constraints = [
            models.CheckConstraint(condition=Q(state__in=PhotoState.values), name="photo_state_known"),
        ]

    def __str__(self) -> str:
        return self.title or str(self.created_at)

    @property
    def document(self) -> MenuPhoto | None:
        """As the menu shows it; None until it is ready."""
        if self.state != PhotoState.READY:
            return None
        by_width = self.addresses
        return {
            "color": self.color,
            "w160": by_width["160"],
            "w320": by_width["320"],
            "w640": by_width["640"],
        }


class Section(models.Model):
    """A part of the menu, such as drinks."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    menu = models.ForeignKey(Menu, on_delete=models.CASCADE, related_name="sections")
    name = models.CharField(_("name"), max_length=60)
    i18n = models.JSONField(_("translations"), default=dict, blank=True, validators=[check_i18n])
    position = models.PositiveIntegerField(_("position"), default=0, db_index=True)

    class Meta:
        verbose_name = _("section")
        verbose_name_plural = _("sections")
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class DraftRow(models.Model):
    """A row that is edited in the back office while the kitchen marks it sold out."""

    class Meta:
        abstract = True

    def save_draft(self) -> None:
        """Saves all but `sold_out`: the service tells of it, and may have done so since the row was read."""
        if self._state.adding:
            self.save()
            return
        names = [field.name for field in self._meta.concrete_fields if not field.primary_key]
        self.save(update_fields=[name for name in names if name != "sold_out"])


class Item(DraftRow):
    """A dish. What is edited here reaches guests with the next publishing; `sold_out` at once."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    section = models.ForeignKey(
        Section, on_delete=models.PROTECT, related_name="items", verbose_name=_("section")
    )
    name = models.CharField(_("name"), max_length=80)
    description = models.CharField(_("description"), max_length=300, blank=True)
    i18n = models.JSONField(_("translations"), default=dict, blank=True, validators=[check_i18n])
    price = models.PositiveBigIntegerField(_("price"), validators=[MaxValueValidator(MAX_PRICE)])
    photo = models.ForeignKey(
        Photo, on_delete=models.SET_NULL, null=True, blank=True, related_name="items", verbose_name=_("photo")
    )
    allergens = models.JSONField(_("allergens"), default=list, blank=True, validators=[check_allergens])
    diet = models.JSONField(_("diet"), default=list, blank=True, validators=[check_diet])
    spicy = models.PositiveSmallIntegerField(
        _("how spicy"), default=0, validators=[MaxValueValidator(3)], help_text=_("0 mild to 3 very hot")
    )
    featured = models.BooleanField(_("among the popular"), default=False)
    visible = models.BooleanField(_("on the menu"), default=True)
    sold_out = models.BooleanField(_("sold out"), default=False)
    station = models.CharField(_("kitchen station"), max_length=40, blank=True)
    minutes = models.PositiveSmallIntegerField(
        _("minutes to cook"), default=10, validators=[MaxValueValidator(180)]
    )
    tax_rate_bp = models.PositiveSmallIntegerField(
        _("VAT of its own, basis points"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(10_000)],
        help_text=_("Empty: the store's rate. 1000 is 10 %."),
    )
    position = models.PositiveIntegerField(_("position"), default=0, db_index=True)

    class Meta:
        verbose_name = _("dish")
        verbose_name_plural = _("dishes")
        ordering = ["section__position", "position", "name"]
        constraints = [
            models.CheckConstraint(condition=Q(spicy__lte=3), name="item_spicy_known"),
        ]

    def __str__(self) -> str:
        return self.name


class OptionGroup(models.Model):
    """A question about a dish: how spicy, which toppings. At least 1 makes it required."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="option_groups")
    name = models.CharField(_("name"), max_length=60)
    i18n = models.JSONField(_("translations"), default=dict, blank=True, validators=[check_i18n])
    minimum = models.PositiveSmallIntegerField(
        _("at least"), default=0, help_text=_("1 or more: the guest must choose.")
    )
    maximum = models.PositiveSmallIntegerField(_("at most"), default=1, validators=[MinValueValidator(1)])
    position = models.PositiveIntegerField(_("position"), default=0, db_index=True)

    class Meta:
        verbose_name = _("choice")
        verbose_name_plural = _("choices")
        ordering = ["position", "name"]
        constraints = [
            models.CheckConstraint(condition=Q(maximum__gte=1), name="group_maximum_positive"),
            models.CheckConstraint(
                condition=Q(minimum__lte=F("maximum")), name="group_minimum_below_maximum"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValidationError({"maximum": _("At most must not be less than at least.")})


class Option(DraftRow):
    """One answer, with what it costs more."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    group = models.ForeignKey(OptionGroup, on_delete=models.CASCADE, related_name="options")
    name = models.CharField(_("name"), max_length=60)
    i18n = models.JSONField(_("translations"), default=dict, blank=True, validators=[check_i18n])
    price = models.PositiveBigIntegerField(_("extra"), default=0, validators=[MaxValueValidator(MAX_PRICE)])
    sold_out = models.BooleanField(_("sold out"), default=False)
    position = models.PositiveIntegerField(_("position"), default=0, db_index=True)

    class Meta:
        verbose_name = _("option")
        verbose_name_plural = _("options")
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name
