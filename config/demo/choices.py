"""Option groups that several dishes of the demo share: (key, names, at least, at most, options)."""

from typing import NamedTuple

Names = tuple[str, str, str, str]  # Korean, English, Chinese, Japanese


class Choice(NamedTuple):
    names: Names
    minimum: int
    maximum: int
    options: tuple[tuple[Names, int], ...]


CHOICES: dict[str, Choice] = {
    "spice": Choice(
        ("맵기", "Spice level", "辣度", "辛さ"),
        1,
        1,
        (
            (("순한맛", "Mild", "微辣", "甘口"), 0),
            (("보통맛", "Medium", "标准", "普通"), 0),
            (("매운맛", "Hot", "特辣", "辛口"), 0),
        ),
    ),
    "tteokbokki_toppings": Choice(
        ("토핑", "Toppings", "加料", "トッピング"),
        0,
        3,
        (
            (("치즈", "Cheese", "芝士", "チーズ"), 1500),
            (("삶은 달걀", "Boiled egg", "水煮蛋", "ゆで卵"), 1000),
            (("라면 사리", "Ramyeon noodles", "拉面饼", "ラーメン麺"), 1500),
            (("어묵 추가", "Extra fish cake", "加鱼糕", "おでん追加"), 1500),
        ),
    ),
    "tteok": Choice(
        ("떡 종류", "Rice cake", "年糕种类", "餅の種類"),
        1,
        1,
        (
            (("쌀떡", "Rice", "米糕", "米の餅"), 0),
            (("밀떡", "Wheat", "面糕", "小麦の餅"), 0),
        ),
    ),
    "gimbap_without": Choice(
        ("빼 주세요", "Leave out", "不要", "抜いてください"),
        0,
        4,
        (
            (("오이 빼기", "No cucumber", "不要黄瓜", "きゅうり抜き"), 0),
            (("단무지 빼기", "No pickled radish", "不要腌萝卜", "たくあん抜き"), 0),
            (("당근 빼기", "No carrot", "不要胡萝卜", "にんじん抜き"), 0),
            (("햄 빼기", "No ham", "不要火腿", "ハム抜き"), 0),
        ),
    ),
    "ramyeon_add": Choice(
        ("추가", "Add", "加点", "追加"),
        0,
        4,
        (
            (("달걀", "Egg", "鸡蛋", "卵"), 500),
            (("치즈", "Cheese", "芝士", "チーズ"), 1000),
            (("떡", "Rice cakes", "年糕", "餅"), 1000),
            (("공깃밥", "Bowl of rice", "米饭", "ご飯"), 1000),
        ),
    ),
    "bibimbap_sauce": Choice(
        ("고추장", "Chili paste", "辣椒酱", "コチュジャン"),
        1,
        1,
        (
            (("비벼서", "Mixed in", "拌好", "混ぜて"), 0),
            (("따로", "On the side", "另放", "別添え"), 0),
            (("간장으로", "Soy sauce instead", "换成酱油", "醤油に変更"), 0),
        ),
    ),
    "rice_size": Choice(
        ("밥 양", "Rice", "米饭分量", "ご飯の量"),
        1,
        1,
        (
            (("보통", "Regular", "普通", "普通"), 0),
            (("곱빼기", "Large", "大份", "大盛り"), 1500),
        ),
    ),
    "donkatsu_sauce": Choice(
        ("소스", "Sauce", "酱汁", "ソース"),
        1,
        1,
        (
            (("부어서", "Poured over", "淋上", "かけて"), 0),
            (("찍어서", "For dipping", "蘸食", "つけて"), 0),
        ),
    ),
    "mandu_cook": Choice(
        ("조리", "Cooked", "做法", "調理"),
        1,
        1,
        (
            (("찐만두", "Steamed", "蒸", "蒸し"), 0),
            (("군만두", "Pan-fried", "煎", "焼き"), 500),
        ),
    ),
    "temperature": Choice(
        ("온도", "Temperature", "冷热", "温度"),
        1,
        1,
        (
            (("아이스", "Iced", "冰", "アイス"), 0),
            (("따뜻하게", "Hot", "热", "ホット"), 0),
        ),
    ),
    "soda": Choice(
        ("종류", "Which", "种类", "種類"),
        1,
        1,
        (
            (("콜라", "Cola", "可乐", "コーラ"), 0),
            (("제로 콜라", "Cola zero", "零度可乐", "コーラゼロ"), 0),
            (("사이다", "Lemon-lime soda", "柠檬汽水", "サイダー"), 0),
        ),
    ),
    "makgeolli_size": Choice(
        ("크기", "Size", "分量", "サイズ"),
        1,
        1,
        (
            (("한 병", "Bottle", "一瓶", "ボトル"), 0),
            (("주전자", "Kettle", "一壶", "やかん"), 4000),
        ),
    ),
}
