"""Small commands of the set-up."""

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from config.management.commands.compile_messages import compile_file


def test_translations_compile_without_gettext_and_leave_out_the_doubtful(tmp_path: Path) -> None:
    import gettext

    catalog = Catalog(locale="ko")
    catalog.add("Order", "주문")
    catalog.add("Pay", "결제", flags=["fuzzy"])
    catalog.add(("one dish", "{n} dishes"), ("요리 {n}개",))
    source, target = tmp_path / "django.po", tmp_path / "django.mo"
    with source.open("wb") as file:
        write_po(file, catalog)
    compile_file(source, target)
    with target.open("rb") as file:
        texts = gettext.GNUTranslations(file)
    assert texts.gettext("Order") == "주문"
    assert texts.gettext("Pay") == "Pay"
    assert texts.ngettext("one dish", "{n} dishes", 3) == "요리 {n}개"
