"""Uploaded pictures re-encoded: three WebP widths, upright, without metadata, named by their content."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, NamedTuple

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext_lazy as _
from PIL import ExifTags, Image

WIDTHS = (160, 320, 640)
UNPACKED = (2 * WIDTHS[-1], 2 * WIDTHS[-1])  # a JPEG is unpacked at no larger scale than needed
MAX_BYTES = 8 * 1024 * 1024
MAX_PIXELS = 24_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF")
QUALITY = 78
# How a picture is turned upright, by the orientation that its camera noted; 1 is upright.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
REASONS = {
    "too_heavy": _("The file is larger than 8 MB. Please choose a smaller one."),
    "too_large": _("The picture has more than 24 million pixels. Please make it smaller."),
    "no_picture": _("This file is no picture we can read. JPEG, PNG, WebP and AVIF work."),
}


class Encoded(NamedTuple):
    """The dominant color and {"160": address, "320": …, "640": …}."""

    color: str
    addresses: dict[str, str]


class Unreadable(Exception):
    """No picture, or too large a one; `reason` is a key of REASONS."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def reason_text(reason: str) -> str:
    return str(REASONS.get(reason, REASONS["no_picture"]))


def refusal_of(file: Any) -> str:
    """Why the upload cannot be used, a key of REASONS; empty when it can be read to its end."""
    if file.size > MAX_BYTES:
        return "too_heavy"
    try:
        with _reading():
            _upright(file)
    except Unreadable as error:
        return error.reason
    finally:
        file.seek(0)
    return ""


def encode(file: Any) -> Encoded:
    """Writes the widths to the storage. Raises Unreadable, and what the storage raises while it is away."""
    with file.open("rb") as stream, _reading():
        widest = _scaled(_on_white(_upright(stream)), WIDTHS[-1])
    digest = hashlib.sha256(widest.tobytes()).hexdigest()[:24]
    addresses = {str(width): _write(widest, width, digest) for width in WIDTHS}
    return Encoded(_dominant_color(widest), addresses)


def forget(name: str) -> None:
    """Deletes an original, if it is there."""
    if name:
        default_storage.delete(name)


@contextmanager
def _reading() -> Iterator[None]:
    """Decoders answer a broken file with errors of every kind: all of them mean that nobody can show it."""
    try:
        yield
    except Unreadable:
        raise
    except Image.DecompressionBombError:
        raise Unreadable("too_large") from None
    except Exception:  # noqa: BLE001
        raise Unreadable("no_picture") from None


def _upright(stream: Any) -> Image.Image:
    """The whole picture as it should be seen; its head tells the size before a pixel is unpacked."""
    stream.seek(0)
    image = Image.open(stream, formats=FORMATS)
    if image.width * image.height > MAX_PIXELS:
        raise Unreadable("too_large")
    if min(image.size) < 1:
        raise Unreadable("no_picture")
    image.draft("RGB", UNPACKED)
    image.load()
    return _turned(image)


def _turned(image: Image.Image) -> Image.Image:
    """Pillow's own turning also writes the camera's notes anew, and fails over notes that it cannot write."""
    turn = TURNS.get(_orientation(image))
    return image.transpose(turn) if turn is not None else image


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # noqa: BLE001  whatever the camera wrote there, the picture itself was read
        return 1


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(ground, image)
    return image.convert("RGB")


def _scaled(image: Image.Image, width: int) -> Image.Image:
    """Scaled to `width` in full proportion; nothing is blown up and nothing cut off."""
    if image.width > width:
        image = image.resize(
            (width, max(1, round(image.height * width / image.width))), Image.Resampling.LANCZOS
        )
    # A fresh image: whatever metadata the source carried stays behind.
    return Image.frombytes("RGB", image.size, image.tobytes())


def _write(image: Image.Image, width: int, digest: str) -> str:
    name = f"menu/{digest}-{width}.webp"
    if not default_storage.exists(name):
        buffer = BytesIO()
        _scaled(image, width).save(buffer, "WEBP", quality=QUALITY, method=4)
        name = default_storage.save(name, ContentFile(buffer.getvalue()))
    return str(default_storage.url(name))


def _dominant_color(image: Image.Image) -> str:
    small = image.resize((24, 24)).quantize(colors=6)
    palette = small.getpalette() or [231, 226, 216]
    index = max(small.getcolors() or [(1, 0)])[1]
    red, green, blue = palette[3 * index : 3 * index + 3]  # type: ignore[operator]
    return f"#{red:02x}{green:02x}{blue:02x}"
