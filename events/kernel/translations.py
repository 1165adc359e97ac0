"""A form field for the `i18n` column: one block per language, a text field per translated text."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language_info, gettext_lazy
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

Texts = dict[str, dict[str, str]]


class TranslationsWidget(forms.Widget):
    """{"en": {"name": …, "description": …}} as inputs. `main` is the language the base columns are in."""

    def __init__(self, fields: Mapping[str, int], *, main: str = "", compact: bool = False) -> None:
        super().__init__()
        self.fields = dict(fields)  # name -> longest text
        self.main = main
        self.compact = compact

    class Media:
        css = {"all": ["events/translations.css"]}

    @property
    def languages(self) -> list[str]:
        return [code for code, _name in settings.LANGUAGES if code != self.main]

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Texts:
        found: Texts = {}
        for code in self.languages:
            texts = {field: str(data.get(f"{name}-{code}-{field}", "")).strip() for field in self.fields}
            texts = {field: text for field, text in texts.items() if text}
            if texts:
                found[code] = texts
        return found

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return not any(key.startswith(f"{name}-") for key in data)

    def id_for_label(self, id_: str) -> str:
        return ""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        texts = value if isinstance(value, dict) else {}
        blocks = [(self._language(name, code, texts.get(code) or {}),) for code in self.languages]
        body = format_html_join("", "{}", blocks)
        if not self.compact:
            return format_html('<div class="hs-i18n">{}</div>', body)
        done = sum(1 for code in self.languages if texts.get(code))
        summary = _("%(done)d of %(all)d languages") % {"done": done, "all": len(self.languages)}
        return format_html(
            '<details class="hs-i18n compact"><summary>{}</summary>{}</details>', summary, body
        )

    def _language(self, name: str, code: str, texts: Mapping[str, str]) -> SafeString:
        inputs = format_html_join(
            "", "{}", ((self._input(name, code, field, texts.get(field, "")),) for field in self.fields)
        )
        return format_html(
            "<fieldset{}><legend>{}</legend>{}</fieldset>",
            flatatt({"lang": code}),
            get_language_info(code)["name_local"],
            inputs,
        )

    def _input(self, name: str, code: str, field: str, text: str) -> SafeString:
        longest = self.fields[field]
        label = {"name": _("Name"), "description": _("Description"), "branch": _("Branch")}.get(field, field)
        language = get_language_info(code)["name_local"]
        attrs = {
            "placeholder": label,
            "aria-label": f"{language}: {label}",
            "maxlength": str(longest),
            "id": f"id_{name}-{code}-{field}",
        }
        widget = UnfoldAdminTextareaWidget({"rows": 2}) if longest > 100 else UnfoldAdminTextInputWidget()
        return SafeString(widget.render(f"{name}-{code}-{field}", text, attrs))


class TranslationsField(forms.Field):
    """The `i18n` JSON; `fields` maps each translated column to its longest text."""

    def __init__(
        self, fields: Mapping[str, int], *, main: str = "", compact: bool = False, **kwargs: Any
    ) -> None:
        self.fields = dict(fields)
        kwargs.pop("widget", None)
        kwargs.setdefault("required", False)
        kwargs.setdefault("label", gettext_lazy("Translations"))
        super().__init__(widget=TranslationsWidget(fields, main=main, compact=compact), **kwargs)

    def clean(self, value: Any) -> Texts:
        texts: Texts = value or {}
        for code, row in texts.items():
            for field, text in row.items():
                if len(text) > self.fields[field] or "\x00" in text:
                    language = get_language_info(code)["name_local"]
                    raise forms.ValidationError(
                        _("%(language)s: this text is too long.") % {"language": language}
                    )
        return texts

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (initial or {}) != (data or {})
