"""The demo's drinks, and the pub's short list, in Korean, English, Chinese and Japanese."""

from config.demo.dish import Dish, Part

DRINKS = Part(
    ("음료", "Drinks", "饮料", "お飲み物"),
    "bar",
    (
        Dish(
            ("식혜", "Sikhye", "甜米露", "シッケ"),
            3500,
            (
                "집에서 달인 쌀 음료. 살얼음이 떠요.",
                "Sweet rice punch, made here, with slivers of ice.",
                "自家熬制的甜米露，飘着薄冰。",
                "自家製の甘い米の飲み物。うす氷入り。",
            ),
            drawing="sikhye",
            diet="vegan vegetarian no_pork",
            featured=True,
            minutes=2,
        ),
        Dish(
            ("아메리카노", "Americano", "美式咖啡", "アメリカーノ"),
            3000,
            (
                "고소한 원두로 내려요.",
                "A nutty roast.",
                "坚果香气的咖啡豆。",
                "香ばしい豆を使っています。",
            ),
            drawing="coffee",
            diet="vegan vegetarian no_pork",
            choices="temperature",
            minutes=3,
        ),
        Dish(
            ("카페라테", "Caffè latte", "拿铁", "カフェラテ"),
            4000,
            (
                "우유를 넉넉히.",
                "With plenty of milk.",
                "奶香浓郁。",
                "ミルクたっぷり。",
            ),
            drawing="coffee",
            allergens="milk",
            diet="vegetarian no_pork",
            choices="temperature",
            minutes=4,
        ),
        Dish(
            ("탄산음료", "Soda", "汽水", "炭酸飲料"),
            2000,
            (
                "시원한 캔 음료.",
                "A cold can.",
                "冰镇罐装。",
                "冷えた缶で。",
            ),
            diet="vegan vegetarian no_pork",
            choices="soda",
            minutes=1,
        ),
        Dish(
            ("매실차", "Plum tea", "青梅茶", "梅茶"),
            3500,
            (
                "직접 담근 매실청.",
                "From our own plum syrup.",
                "自制青梅酱。",
                "自家製の梅シロップ。",
            ),
            drawing="sikhye",
            diet="vegan vegetarian no_pork",
            choices="temperature",
            minutes=2,
        ),
        Dish(
            ("복숭아 요구르트", "Peach yogurt drink", "水蜜桃乳酸饮料", "ピーチ乳酸菌飲料"),
            2500,
            (
                "떡볶이의 단짝. 매운맛을 식혀 줘요.",
                "Tteokbokki's best friend: it cools the heat.",
                "辣炒年糕的好搭档，解辣。",
                "トッポッキの相棒。辛さを和らげます。",
            ),
            allergens="milk peach",
            diet="vegetarian no_pork",
            minutes=1,
        ),
    ),
)

BAR_FOOD = Part(
    ("안주", "Bar food", "下酒菜", "おつまみ"),
    "hot",
    (
        Dish(
            ("해물 파전", "Seafood pancake", "海鲜葱饼", "海鮮チヂミ"),
            16000,
            (
                "쪽파와 해물을 두툼하게.",
                "Thick with scallions and seafood.",
                "满满的小葱和海鲜。",
                "ネギと海鮮をたっぷり厚めに。",
            ),
            drawing="donkatsu",
            allergens="wheat egg squid shrimp",
            diet="no_pork",
            featured=True,
            minutes=14,
        ),
        Dish(
            ("닭꼬치", "Chicken skewers", "鸡肉串", "鶏の串焼き"),
            9000,
            (
                "숯불에 구운 네 꼬치.",
                "Four skewers off the coals.",
                "炭火烤制，四串。",
                "炭火焼き4本。",
            ),
            allergens="chicken soy wheat",
            diet="no_pork",
            choices="spice",
            spicy=1,
            featured=True,
            minutes=12,
        ),
        Dish(
            ("두부김치", "Tofu and kimchi", "豆腐炒泡菜", "豆腐キムチ"),
            13000,
            (
                "따뜻한 두부에 볶은 김치와 돼지고기.",
                "Warm tofu with stir-fried kimchi and pork.",
                "热豆腐配泡菜炒猪肉。",
                "温かい豆腐に豚キムチ炒め。",
            ),
            allergens="soy pork shrimp sesame",
            spicy=2,
            minutes=10,
        ),
        Dish(
            ("라면", "Ramyeon", "拉面", "ラーメン"),
            5000,
            (
                "마지막은 역시 라면.",
                "How every night ends.",
                "收尾必备。",
                "締めはやっぱりこれ。",
            ),
            drawing="ramyeon",
            allergens="wheat egg soy beef",
            diet="no_pork",
            choices="ramyeon_add",
            spicy=2,
            minutes=6,
        ),
    ),
)

ALCOHOL = Part(
    ("술", "Drinks", "酒水", "お酒"),
    "bar",
    (
        Dish(
            ("막걸리", "Makgeolli", "马格利米酒", "マッコリ"),
            6000,
            (
                "오늘 들어온 생막걸리.",
                "Fresh rice wine, delivered today.",
                "今日新到的生米酒。",
                "今日入荷の生マッコリ。",
            ),
            drawing="sikhye",
            allergens="wheat",
            diet="vegan vegetarian no_pork",
            choices="makgeolli_size",
            featured=True,
            minutes=2,
        ),
        Dish(
            ("소주", "Soju", "烧酒", "焼酎（ソジュ）"),
            5000,
            minutes=1,
        ),
        Dish(
            ("생맥주", "Draft beer", "生啤", "生ビール"),
            4500,
            allergens="wheat",
            minutes=2,
        ),
    ),
)
