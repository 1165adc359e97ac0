"""The printable cards: every code can be read, at the resolution of a poor scan."""

from collections.abc import Callable

import pypdfium2
import pytest
import zxingcpp
from django.conf import settings
from django.test import Client

from events.kernel.ids import new_id
from stores import qr, services
from stores.models import Store, Table, User
from tests.factories import token_of
from tests.queue import published

SignedIn = Callable[[User], Client]
POINTS_PER_MM = 72 / 25.4
QR = zxingcpp.BarcodeFormat.QRCode  # asked for every kind, the reader once found one more


@pytest.fixture
def tables(store: Store) -> list[Table]:
    return [services.add_table(store_id=store.id, name=f"A{n}", position=n) for n in range(1, 7)]


def read_codes(pdf: bytes, dpi: int = 60) -> list[set[str]]:
    """The texts of the codes, page by page; a code that is found twice is one."""
    pages = pypdfium2.PdfDocument(pdf)
    images = [page.render(scale=dpi / 72).to_pil() for page in pages]
    return [{code.text for code in zxingcpp.read_barcodes(image, formats=QR)} for image in images]


@pytest.mark.parametrize("variant", qr.VARIANTS)
def test_every_code_of_the_pdf_is_read_at_60_dpi(
    signed_in: SignedIn, store: Store, owner: User, tables: list[Table], variant: str
) -> None:
    response = signed_in(owner).get(f"/staff/{store.slug}/tables/sheet.pdf?variant={variant}")
    assert response["Content-Type"] == "application/pdf"
    pages = read_codes(response.content)
    assert [len(page) for page in pages] == [4, 2]
    wanted = {f"{settings.PUBLIC_URL}/t/{token_of(table)}/" for table in tables}
    assert {text for page in pages for text in page} == wanted


def test_codes_are_large_enough_and_keep_their_white_border(
    signed_in: SignedIn, store: Store, owner: User, tables: list[Table]
) -> None:
    pdf = signed_in(owner).get(f"/staff/{store.slug}/tables/sheet.pdf").content
    page = pypdfium2.PdfDocument(pdf)[0]
    scale = 8
    image = page.render(scale=scale).to_pil()
    code = zxingcpp.read_barcodes(image, formats=QR)[0]
    corners = code.position
    width_mm = (corners.top_right.x - corners.top_left.x) / scale / POINTS_PER_MM
    assert width_mm >= 41
    module = (corners.top_right.x - corners.top_left.x) / 37
    quiet = image.getpixel((int(corners.top_left.x - 3.5 * module), int(corners.top_left.y)))
    assert min(quiet[:3]) > 240


def test_the_code_is_level_q_with_four_modules_of_quiet_zone() -> None:
    svg = qr.code_svg("https://o.example.kr/t/7k3m9qwd2x5v8ybn/")
    assert 'viewBox="0 0 41 41"' in svg
    assert "width=" not in svg.split(">")[0]


def test_the_page_shows_four_cards_a_page_without_inline_code(
    signed_in: SignedIn, store: Store, owner: User, tables: list[Table]
) -> None:
    page = signed_in(owner).get(f"/staff/{store.slug}/tables/sheet/").content.decode()
    assert page.count('class="sheet"') == 2
    assert page.count('class="tcard color"') == 6
    assert "style=" not in page
    assert all(token_of(table)[:4] in page for table in tables)


def test_tables_can_be_chosen(signed_in: SignedIn, store: Store, owner: User, tables: list[Table]) -> None:
    url = (
        f"/staff/{store.slug}/tables/sheet/?variant=ink&table={tables[2].id}&table=nonsense&table={new_id()}"
    )
    page = signed_in(owner).get(url).content.decode()
    assert page.count('class="tcard ink"') == 1
    assert '<div class="tbl">A3</div>' in page


def test_a_retired_table_has_no_card(
    signed_in: SignedIn, store: Store, owner: User, tables: list[Table]
) -> None:
    services.retire_table(table_id=tables[0].id)
    page = signed_in(owner).get(f"/staff/{store.slug}/tables/sheet/").content.decode()
    assert '<div class="tbl">A1</div>' not in page


@pytest.mark.parametrize("path", ["tables/sheet/", "tables/sheet.pdf"])
def test_cards_are_for_owners_and_managers(
    signed_in: SignedIn, store: Store, manager: User, floor: User, stranger: User, path: str
) -> None:
    url = f"/staff/{store.slug}/{path}"
    assert signed_in(manager).get(url).status_code == 200
    assert signed_in(floor).get(url).status_code == 403
    assert signed_in(stranger).get(url).status_code == 404
    assert Client().get(url).status_code == 302


def test_a_new_code_from_the_board(
    signed_in: SignedIn, store: Store, table: Table, manager: User, floor: User, stranger: User
) -> None:
    url = f"/api/v1/stores/{store.id}/tables/{table.id}/rotate-token/"
    old = token_of(table)
    assert signed_in(floor).post(url).status_code == 403
    assert signed_in(stranger).post(url).status_code == 403
    foreign = f"/api/v1/stores/{stranger.memberships.get().store_id}/tables/{table.id}/rotate-token/"
    assert signed_in(stranger).post(foreign).status_code == 404
    assert token_of(table) == old and not published()
    answer = signed_in(manager).post(url).json()
    assert answer["token"] == token_of(table) != old
    assert answer["url"].endswith(f"/t/{answer['token']}/")
