"""Texts that owners write in several languages: a base column and one JSON of translations.

And what Babel calls these languages.
"""

from collections.abc import Mapping
from typing import Any

_BABEL_LOCALES = {"ko": "ko_KR", "en": "en_US", "zh-hans": "zh_Hans_CN", "ja": "ja_JP"}


def localized(row: Mapping[str, Any], field: str, language: str) -> str:
    """The row's text in `language`, else in English, else as the store wrote it.

    `row` holds the field in the store's main language and `i18n`: {"en": {"name": …}, …}.
    A store whose main language is the wanted one has no entry for it: the base text is it.
    """
    i18n = row.get("i18n") or {}
    base = str(row.get(field) or "")
    if language == row.get("language"):
        return base
    for code in (language, "en"):
        text = (i18n.get(code) or {}).get(field)
        if text:
            return str(text)
    return base


def babel_locale(language: str) -> str:
    """A language of ours as Babel, which writes numbers and dates, calls it."""
    return _BABEL_LOCALES.get(language, "en_US")
