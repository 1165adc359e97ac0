"""The demo's two stores with their tables and people."""

from typing import Any

PASSWORD = "hansang"  # noqa: S105  demo logins exist in test mode only
ADMIN = "admin"

_LANGUAGES = ["ko", "en", "zh-hans", "ja"]
HANSANG: dict[str, Any] = {
    "slug": "hansang",
    "name": "한상 분식",
    "branch": "홍대점",
    "i18n": {
        "en": {"name": "Hansang Bunsik", "branch": "Hongdae"},
        "zh-hans": {"name": "韩桌小吃", "branch": "弘大店"},
        "ja": {"name": "ハンサン粉食", "branch": "弘大店"},
    },
    "language": "ko",
    "languages": _LANGUAGES,
    "timezone": "Asia/Seoul",
    "currency": "KRW",
    "pay_after": "order",
    "phone": "02-000-0000",
    "address": "서울 마포구 와우산로 00",
}
POCHA: dict[str, Any] = {
    "slug": "pocha",
    "name": "한상 포차",
    "branch": "연남점",
    "i18n": {
        "en": {"name": "Hansang Pocha", "branch": "Yeonnam"},
        "zh-hans": {"name": "韩桌小酒馆", "branch": "延南店"},
        "ja": {"name": "ハンサン居酒屋", "branch": "延南店"},
    },
    "language": "ko",
    "languages": _LANGUAGES,
    "timezone": "Asia/Seoul",
    "currency": "KRW",
    "brand_color": "#9a3412",
    "pay_after": "tab",
    "phone": "02-000-0001",
    "address": "서울 마포구 연남로 00",
}
# The bunsik place lists no hours: a demo is looked at at any hour. The pub shows what closing looks like.
POCHA_HOURS = [
    {"weekday": day, "opens": "17:00", "closes": "26:00", "last_order": "25:00"} for day in range(7)
]

# name, zone, seats, shape, x, y, width, height (percent of the floor plan)
HANSANG_TABLES = (
    ("A1", "창가", 4, "square", 4, 6, 14, 21),
    ("A2", "창가", 4, "square", 23, 6, 14, 21),
    ("A3", "창가", 4, "square", 42, 6, 14, 21),
    ("A4", "창가", 4, "square", 61, 6, 14, 21),
    ("B1", "가운데", 4, "round", 4, 39, 15, 25),
    ("B2", "가운데", 4, "round", 24, 39, 15, 25),
    ("B3", "가운데", 4, "round", 44, 39, 15, 25),
    ("B4", "가운데", 4, "round", 64, 39, 15, 25),
    ("C1", "안쪽", 2, "square", 4, 74, 14, 21),
    ("C2", "안쪽", 6, "wide", 23, 74, 24, 21),
    ("C3", "안쪽", 2, "square", 52, 74, 14, 21),
    ("바", "바", 5, "wide", 83, 6, 12, 88),
)
POCHA_TABLES = (
    ("1", "홀", 4, "square", 8, 10, 18, 30),
    ("2", "홀", 4, "square", 38, 10, 18, 30),
    ("3", "홀", 4, "square", 68, 10, 18, 30),
    ("4", "야외", 8, "wide", 8, 58, 78, 28),
)

# login, name, role
HANSANG_PEOPLE = (
    ("owner", "김한상", "owner"),
    ("manager", "이서연", "manager"),
    ("floor", "박지훈", "floor"),
    ("kitchen", "최민수", "kitchen"),
)
POCHA_PEOPLE = (("pocha", "정다은", "owner"),)


def demo_logins() -> dict[str, tuple[str, str]]:
    """For the start's banner: who opens the board and the admin."""
    return {"board_login": ("floor", PASSWORD), "admin_login": ("owner", PASSWORD)}
