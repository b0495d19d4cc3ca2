"""Words of our own to make names, bios and posts from. Nobody real is meant."""

from typing import NamedTuple


class Script(NamedTuple):
    """Words of one language; `lang` is its code as X writes it."""

    lang: str
    given: tuple[str, ...]
    family: tuple[str, ...]
    name: str
    bios: tuple[str, ...]
    posts: tuple[str, ...]


# Placeholders: {url}, {other} (somebody's username), {place}, {ticker}, {number}.
LATIN = Script(
    lang="en",
    given=("Mira", "Tobin", "Ada", "Jonas", "Wren", "Ines", "Otis", "Lena", "Basil", "Nora", "Ivo", "Maud", "Rafe"),
    family=("Quill", "Harrow", "Thistle", "Marsh", "Vane", "Bell", "Pike", "Loam", "Reed", "Stone", "Wick", "Dale"),
    name="{given} {family}",
    bios=(
        "Repairs clocks in {place}. #slowwork #clocks",
        "Maps, tides and bad puns. {url}",
        "Second best baker of {place} 🥐 ask @{other} for the best one",
        "I watch ${ticker} so that you can sleep. Not advice!",
        "Gardener 🌿 | {place} | #mutuals #compost",
        "Builds bridges (the card game). Tables: {url} #bridge",
        "Lighthouse keeper, retired. Talks to @{other} and to gulls.",
        "Everything here is invented. {url}",
    ),
    posts=(
        "Quiet morning in {place}. #stillness",
        "Day {number} of learning the accordion. The neighbours are patient.",
        "Wrote down how the tide tables work: {url} #tides",
        "@{other} you were right about the soup.",
        "${ticker} went sideways again. So did I.",
        "Does anyone else mute their own thoughts? 🌿 #mute",
    ),
)

ACCENTED = Script(
    lang="fr",
    given=("Zoé", "Jérôme", "Åsa", "Łucja", "Señán", "Chloë", "Günther", "Maïa", "Søren", "Inês", "Dağhan", "Živa"),
    family=("Forêt", "Müllner", "Øye", "Çınar", "Peña", "Dvořek", "Žitný", "Lâmina", "Ångerud", "Wójta", "Brücke"),
    name="{given} {family}",
    bios=(
        "Café, vélo et silence à {place}. #café",
        "Übersetzerin. Öfter offline als online. {url}",
        "Fotógrafa de mañanas. Con @{other} #mañana",
        "Traduit le bruit en français · ${ticker} parfois",
    ),
    posts=(
        "Encore un été très calme à {place}. #été",
        "J'ai tout écrit ici : {url}",
        "Merci @{other}, c'était délicieux !",
        "Jour {number} sans notifications.",
    ),
)

JAPANESE = Script(
    lang="ja",
    given=("みお", "そら", "湊", "しずく", "楓", "灯", "ひより", "蒼"),
    family=("静原", "音無", "波戸", "森瀬", "霧島田", "月待", "朝凪", "星宮路"),
    name="{family} {given}",
    bios=(
        "静かな町で猫と暮らしています。#猫 #ねこ日記",
        "写真と散歩。くわしくは{url} をどうぞ。",
        "の@{other}さんとパンを焼いています🥐",
        "本と雨の日が好き ☔️",
    ),
    posts=(
        "今日も静かな朝。#おはよう",
        "散歩の写真を{url} に置きました。",
        "の@{other}さん、昨日はありがとう！",
        "{number}日目。まだ練習しています。",
    ),
)

CHINESE = Script(
    lang="zh",
    given=("小雨", "安然", "知秋", "若谷", "云舒", "听澜"),
    family=("静", "溪", "松", "白鹭", "远山", "青石"),
    name="{family}{given}",
    bios=("喜欢安静的地方。#安静 #读书", "写一点东西：{url}", "和 @{other} 一起种茶🍵"),
    posts=("今天很安静。#早安", "新文章：{url}", "第{number}天，继续练习。"),
)

KOREAN = Script(
    lang="ko",
    given=("고요", "새벽", "나루", "다온", "이슬", "가람"),
    family=("한", "솔", "마루", "봄", "늘"),
    name="{family}{given}",
    bios=("조용한 동네의 서점 📚 #책 #동네서점", "사진과 산책 {url}", "@{other} 님과 빵을 굽습니다"),
    posts=("오늘도 조용한 아침. #아침", "글을 올렸어요 {url}", "{number}일째 연습 중"),
)

ARABIC = Script(
    lang="ar",
    given=("نسيم", "هالة", "سكون", "ريما", "غيث", "وسن"),
    family=("النهري", "الهادي", "البساتين", "المرجان", "الفجري"),
    name="{given} {family}",
    bios=("أحب الهدوء والقهوة ☕️ #هدوء #قهوة_الصباح", "أكتب هنا: {url}", "أزرع النعناع مع @{other} 🌿"),
    posts=("صباح هادئ. #صباح_الخير", "كتبت عن المد والجزر {url}", "اليوم {number} بلا إشعارات"),
)

HEBREW = Script(
    lang="iw",
    given=("שקד", "נגה", "ארבל", "תמר", "אלון"),
    family=("בן־שקט", "נחל", "גלבוע", "כרמון"),
    name="{given} {family}",
    bios=("שקט, בבקשה. #שקט", "צלמת של בקרים {url}"),
    posts=("בוקר שקט. #בוקר", "יום {number} בלי התראות"),
)

HINDI = Script(
    lang="hi",
    given=("शांति", "नीरव", "मेघा", "तारा", "निशांत"),
    family=("सागर", "वनिता", "उपवन", "किनारा"),
    name="{given} {family}",
    bios=("शांत शहर, गरम चाय ☕️ #शांति #चाय", "यहाँ लिखता हूँ: {url}"),
    posts=("आज की सुबह शांत है। #सुबह", "दिन {number}: अभ्यास जारी है"),
)

CYRILLIC = Script(
    lang="ru",
    given=("Тиша", "Мирон", "Лада", "Всеслав", "Ясна"),
    family=("Тихов", "Заречная", "Полынь", "Озёров", "Луговая"),
    name="{given} {family}",
    bios=("Тихий город и громкий кот. #кот #тишина", "Пишу о реках: {url}", "Пеку хлеб вместе с @{other} 🍞"),
    posts=("Тихое утро. #утро", "Новая заметка: {url}", "День {number} без уведомлений"),
)

GREEK = Script(
    lang="el",
    given=("Γαλήνη", "Νηρέας", "Αύρα", "Φοίβη"),
    family=("Ησυχίδης", "Ακτής", "Πελαγία"),
    name="{given} {family}",
    bios=("Θάλασσα και ησυχία. #ησυχία", "Χάρτες και παλίρροιες {url}"),
    posts=("Ήσυχο πρωί. #καλημέρα", "Μέρα {number}"),
)

SCRIPTS = (JAPANESE, CHINESE, KOREAN, ARABIC, HEBREW, HINDI, CYRILLIC, GREEK)
"""Those that are neither plain nor accented Latin."""

EMOJI = ("🌿", "🐈", "☕️", "🎧", "🚲", "📚", "🌊", "🔭", "👩‍🚀", "🏳️‍🌈", "🧶", "🤫")

EMOJI_BIOS = ("🌿🎧☕️", "🤫", "👩‍🚀🔭🌌 {url}", "📚 · 🐈 · 🌧️")

ADJECTIVES = (
    "quiet",
    "still",
    "mellow",
    "Brisk",
    "dusty",
    "Amber",
    "north",
    "Tidal",
    "paper",
    "hidden",
    "Slow",
    "blue",
)

NOUNS = (
    "heron",
    "Harbor",
    "lantern",
    "meadow",
    "Pebble",
    "otter",
    "signal",
    "Ember",
    "willow",
    "Kettle",
    "comet",
    "fern",
)

HANDLES = ("mira", "Tobin", "ada", "jonas", "Wren", "ines", "otis", "lena", "Basil", "nora", "ivo", "maud", "rafe")

USERNAMES = ("{adjective}{noun}", "{adjective}_{noun}", "{handle}_{noun}", "{handle}{number}", "_{noun}_")

PLACES = ("Lower Harbour", "Nebelheim", "Saint-Calme", "Port Sottovoce", "Hush Valley", "静岬", "Тихоград", "Eastmarsh")

ADDRESSES = ("https://example.com", "https://www.example.org", "https://notes.example.com", "https://example.org")

TICKERS = ("TACT", "HUSH", "CALM.B", "QUIET", "MUTE_A", "Z")

ORGANISATIONS = ("Harbour Works", "Hush Valley Press", "Tidewatch", "The Kettle Company", "Lantern Radio")

OFFICES = ("Ministry of Quiet", "Eastmarsh Town Hall", "Port Sottovoce Harbour Office")

COUNTRIES = (("DE",), ("FR", "TR"), ("BR", "IN", "JP"))
"""Where accounts and posts are withheld: ISO 3166-1 alpha-2."""
