"""Uploads become three WebP files without hidden data; a bad file gets a sentence, never an error page."""

import struct
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.functions import Now
from PIL import Image, ImageOps

from events.kernel.databases import alias_of
from events.models import Delivery
from menus import pictures, services
from menus.errors import BadPhoto
from menus.models import Photo, PhotoState
from stores.models import Store
from tests.queue import deliver_all, published, unfinished

ORIENTATION, GPS = 0x0112, 0x8825


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def image_file(
    size: tuple[int, int] = (900, 600), kind: str = "JPEG", mode: str = "RGB", **save: Any
) -> SimpleUploadedFile:
    buffer = BytesIO()
    Image.new(mode, size, (200, 60, 30, 255)[: len(mode)]).save(buffer, kind, **save)
    return SimpleUploadedFile(f"my house.{kind.lower()}", buffer.getvalue())


def stored(media: Path, url: str) -> Image.Image:
    return Image.open(media / url.removeprefix("/media/"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_an_upload_is_made_small_by_the_queue(store: Store, media: Path, kind: str) -> None:
    photo = services.upload_photo(store_id=store.id, file=image_file(kind=kind), title="떡볶이")
    assert photo.state == PhotoState.WAITING and photo.document is None
    assert "my house" not in str(photo.original.name)
    assert len(published("photo.uploaded")) == 1
    deliver_all()
    assert not unfinished()
    photo.refresh_from_db()
    document = photo.document
    assert document is not None
    assert [stored(media, document[f"w{width}"]).size[0] for width in (160, 320, 640)] == [160, 320, 640]
    assert stored(media, document["w160"]).format == "WEBP"
    red, green, blue = (int(document["color"][start : start + 2], 16) for start in (1, 3, 5))
    assert red > 170 and green < 100 and blue < 80


def test_hidden_data_stays_behind_and_the_picture_stands_upright(
    store: Store, media: Path, django_capture_on_commit_callbacks: Any
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[GPS] = {1: "N", 2: (37.0, 33.0, 0.0)}
    photo = services.upload_photo(store_id=store.id, file=image_file((800, 400), exif=exif))
    with django_capture_on_commit_callbacks(using=alias_of("menus"), execute=True):
        deliver_all()
    photo.refresh_from_db()
    assert photo.document is not None
    picture = stored(media, photo.document["w640"])
    assert picture.height > picture.width
    assert not picture.getexif() and "exif" not in picture.info
    assert not list(media.glob("uploads/*"))


def odd_notes(*tags: tuple[int, int, int, bytes]) -> bytes:
    """EXIF as no library would write it: (tag, type, count, the four bytes of the value) by hand."""
    rows = b"".join(struct.pack("<HHI", *tag[:3]) + tag[3] for tag in tags)
    return b"Exif\0\0II*\0" + struct.pack("<IH", 8, len(tags)) + rows + bytes(4)


ON_ITS_SIDE = (ORIENTATION, 3, 1, struct.pack("<HH", 6, 0))
RESOLUTION_IN_LETTERS = (282, 2, 3, b"72\0\0")


@pytest.mark.parametrize(
    ("notes", "is_upright"),
    [
        (odd_notes(ON_ITS_SIDE, RESOLUTION_IN_LETTERS), True),
        (odd_notes((ORIENTATION, 2, 2, b"x\0\0\0"), RESOLUTION_IN_LETTERS), False),
        (odd_notes(ON_ITS_SIDE)[:20], False),
        (b"Exif\0\0nonsense", False),
    ],
)
def test_odd_notes_of_a_camera_cost_nobody_the_photo(
    store: Store, media: Path, notes: bytes, is_upright: bool
) -> None:
    photo = services.upload_photo(store_id=store.id, file=image_file((800, 400), exif=notes))
    deliver_all()
    assert not unfinished()
    photo.refresh_from_db()
    assert photo.document is not None
    picture = stored(media, photo.document["w640"])
    assert (picture.height > picture.width) is is_upright
    assert "exif" not in picture.info


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_stands_upright_however_the_camera_was_held(
    store: Store, media: Path, orientation: int
) -> None:
    taken, buffer, exif = Image.new("L", (400, 200), "white"), BytesIO(), Image.Exif()
    taken.paste("black", (0, 0, 60, 60))
    exif[ORIENTATION] = orientation
    taken.save(buffer, "PNG", exif=exif)
    upright = ImageOps.exif_transpose(Image.open(buffer))
    photo = services.upload_photo(store_id=store.id, file=SimpleUploadedFile("a.png", buffer.getvalue()))
    deliver_all()
    photo.refresh_from_db()
    assert photo.document is not None
    shown = stored(media, photo.document["w640"]).convert("L")
    assert shown.size == upright.size
    assert dark_corners(shown) == dark_corners(upright)


def dark_corners(picture: Image.Image) -> list[bool]:
    width, height = picture.size
    places = [(x, y) for x in (20, width - 20) for y in (20, height - 20)]
    return [picture.getpixel(place) < 128 for place in places]  # type: ignore[operator]


def test_the_same_picture_has_the_same_address(store: Store) -> None:
    rows = [services.upload_photo(store_id=store.id, file=image_file()) for _ in range(2)]
    deliver_all()
    first, second = (Photo.objects.get(pk=row.pk) for row in rows)
    assert first.addresses == second.addresses


def test_encoding_twice_changes_nothing(store: Store) -> None:
    photo = services.upload_photo(store_id=store.id, file=image_file())
    services.encode_photo(photo_id=photo.id)
    before = Photo.objects.values().get()
    services.encode_photo(photo_id=photo.id)
    assert Photo.objects.values().get() == before


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (SimpleUploadedFile("a.jpg", b"no picture"), "no_picture"),
        (SimpleUploadedFile("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "no_picture"),
        (SimpleUploadedFile("a.jpg", b"\xff" * (8 * 1024 * 1024 + 1)), "too_heavy"),
        (image_file((5000, 5000), "PNG"), "too_large"),
        (SimpleUploadedFile("a.png", b""), "no_picture"),
    ],
)
def test_a_bad_file_is_refused_with_a_reason(store: Store, file: SimpleUploadedFile, reason: str) -> None:
    with pytest.raises(BadPhoto) as refusal:
        services.upload_photo(store_id=store.id, file=file)
    assert str(refusal.value.detail) == pictures.reason_text(reason)
    assert not Photo.objects.exists() and not published("photo.uploaded")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_file_cut_off_on_its_way_is_refused_so_that_the_dish_keeps_its_photo(
    store: Store, kind: str
) -> None:
    whole = image_file((900, 600), kind).read()
    with pytest.raises(BadPhoto):
        services.upload_photo(store_id=store.id, file=SimpleUploadedFile("a", whole[: len(whole) // 2]))
    assert not Photo.objects.exists() and not published("photo.uploaded")


def test_a_file_damaged_in_the_storage_becomes_a_failed_photo(store: Store, media: Path) -> None:
    photo = services.upload_photo(store_id=store.id, file=image_file((900, 600), "PNG"))
    original = Path(photo.original.path)
    original.write_bytes(original.read_bytes()[:300])
    deliver_all()
    assert not unfinished()
    photo.refresh_from_db()
    assert (photo.state, photo.failure) == (PhotoState.FAILED, "no_picture")


def test_a_photo_waits_while_the_storage_is_away(store: Store, media: Path) -> None:
    photo = services.upload_photo(store_id=store.id, file=image_file())
    original = Path(photo.original.path)
    elsewhere = original.rename(media / "elsewhere")
    deliver_all()
    [waiting] = unfinished()
    assert waiting.last_error.startswith("FileNotFoundError")
    elsewhere.rename(original)
    Delivery.objects.using(alias_of("menus")).update(due_at=Now())
    deliver_all()
    photo.refresh_from_db()
    assert photo.state == PhotoState.READY


def test_transparent_pictures_get_a_white_ground(store: Store, media: Path) -> None:
    buffer = BytesIO()
    Image.new("RGBA", (400, 400), (0, 0, 0, 0)).save(buffer, "PNG")
    photo = services.upload_photo(store_id=store.id, file=SimpleUploadedFile("a.png", buffer.getvalue()))
    deliver_all()
    photo.refresh_from_db()
    assert photo.document is not None
    assert stored(media, photo.document["w320"]).convert("L").getpixel((5, 5)) == 255
