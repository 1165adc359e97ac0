"""A store's color as a stylesheet: the policy forbids inline styles, and a link never flashes green."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

Color = tuple[float, float, float]

WHITE: Color = (255, 255, 255)
DARK: Color = (23, 30, 26)
READABLE = 4.6  # a hair above WCAG AA for normal text


def _parse(text: str) -> Color:
    return int(text[:2], 16), int(text[2:4], 16), int(text[4:], 16)


def _mix(first: Color, second: Color, share: float) -> Color:
    red, green, blue = (a * share + b * (1 - share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def _linear(channel: float) -> float:
    value = channel / 255
    return float(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)


def _luminance(color: Color) -> float:
    red, green, blue = (_linear(channel) for channel in color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: Color, second: Color) -> float:
    """WCAG contrast ratio, 1 to 21."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _until_readable(color: Color, background: Color, toward: Color) -> Color:
    """`color` moved toward black or white until text of it can be read on `background`."""
    for step in range(20, -1, -1):
        candidate = _mix(color, toward, step / 20)
        if contrast(candidate, background) >= READABLE:
            return candidate
    return toward


def _ink_on(color: Color) -> Color:
    return WHITE if contrast(WHITE, color) >= READABLE else (0, 0, 0)


def _rules(**colors: Color) -> str:
    return " ".join(
        f"--{name.replace('_', '-')}: rgb({' '.join(str(round(c)) for c in color)});"
        for name, color in colors.items()
    )


def stylesheet(brand: Color) -> str:
    """The brand's custom properties for light and dark, every pair readable."""
    soft = _mix(brand, WHITE, 0.12)
    hero = _until_readable(brand, WHITE, (0, 0, 0))
    light = _rules(
        brand=brand,
        on_brand=_ink_on(brand),
        brand_soft=soft,
        brand_ink=_until_readable(brand, soft, (0, 0, 0)),
        hero_1=hero,
        hero_2=_mix(hero, (0, 0, 0), 0.62),
    )
    bright = _until_readable(brand, _mix(DARK, WHITE, 0.9), WHITE)
    dark_soft = _mix(brand, DARK, 0.25)
    dark = _rules(
        brand=bright,
        on_brand=_ink_on(bright),
        brand_soft=dark_soft,
        brand_ink=_until_readable(bright, dark_soft, WHITE),
    )
    return (
        f":root {{ {light} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root:not([data-theme=light]) {{ {dark} }} }}\n"
    )


@require_safe
def brand_css(request: HttpRequest, color: str) -> HttpResponse:
    """GET /brand/<rrggbb>.css: depends on nothing but its address, so it is cached for ever."""
    response = HttpResponse(stylesheet(_parse(color)), content_type="text/css; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
