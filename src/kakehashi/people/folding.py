"""Fold the spellings of a Japanese name or address that mean the same. Pure; what is folded is only compared.

A folded text is never shown and never sent: the original stays beside it. Folding here goes further than
`fhir.text.normal`, which search uses: it also folds variant characters (異体字, 旧字体), 変体仮名, small kana
and long vowels, because two clerks with the same card in hand write them differently.
Sources: 人名用漢字 別表第二 (old and new forms), Unicode names of the Kana Supplement block (変体仮名).
"""

import re
import unicodedata

from kakehashi.fhir.text import normal

# Each group is one character in several forms; the first one stands for all.
_VARIANT_GROUPS = (
    "高髙 崎﨑嵜碕 辺邊邉 斎斉齊齋 沢澤 浜濱濵 広廣 国國圀囯 桜櫻 島嶋嶌嶹 吉𠮷 富冨 恵惠 寿壽 "
    "栄榮 真眞 竜龍 滝瀧 鉄鐵 豊豐 万萬 与與 亜亞 伝傳 悪惡 為爲 衛衞 円圓 縁緣 薗園 応應 奥奧 "
    "横橫 温溫 価價 壊壞 懐懷 楽樂 渇渴 巻卷 陥陷 寛寬 気氣 偽僞 戯戲 虚虛 峡峽 狭狹 暁曉 駆駈 "
    "勲勳 薫薰 掲揭 鶏鷄 芸藝 撃擊 県縣 倹儉 剣劍 険險 圏圈 検檢 顕顯 験驗 厳嚴 恒恆 黄黃 黒黑 "
    "砕碎 雑雜 児兒 湿濕 実實 収收 従從 渋澁 獣獸 縦縱 緒緖 叙敍 将將 渉涉 焼燒 奨奬 条條 状狀 "
    "乗乘 浄淨 剰剩 畳疊 嬢孃 譲讓 醸釀 寝寢 慎愼 尽盡 粋粹 酔醉 穂穗 瀬瀨 静靜 摂攝 専專 戦戰 "
    "繊纖 禅禪 壮壯 争爭 荘莊 捜搜 巣巢 曽曾 装裝 痩瘦 騒騷 増增 蔵藏 臓臟 即卽 帯帶 滞滯 単單 "
    "団團 弾彈 昼晝 鋳鑄 庁廳 徴徵 聴聽 鎮鎭 転轉 灯燈 盗盜 稲稻 徳德 拝拜 売賣 髪髮 抜拔 晩晚 "
    "秘祕 払拂 仏佛 歩步 峰峯 翻飜 毎每 黙默 埜野 弥彌 薬藥 揺搖 様樣 謡謠 来來 頼賴 覧覽 涼凉 "
    "緑綠 涙淚 塁壘 礼禮 暦曆 歴歷 錬鍊 郎郞 録錄 館舘 船舩 角⻆ 柳栁 土圡 橋槗 鴎鷗 桧檜 槙槇 "
    "遥遙 尭堯 潅灌 祢禰 諌諫 鯵鰺 梅楳 松枩 秋穐 淵渕渊 藤籐 兎兔 昂昻 芦蘆 卯夘 耕畊 留畄 "
    "世丗 壱壹 弐貳 参參 区區 塩鹽 会會 学學 旧舊 籠篭 桑桒 杉杦 棲栖 蛍螢 関關 献獻 数數 声聲 "
    "総總 続續 属屬 体體 対對 台臺 沖冲 点點 当當 独獨 読讀 届屆 弁辨 宝寶 満滿 訳譯 余餘 両兩 "
    "霊靈 労勞 楼樓 湾灣 "
)
_VARIANTS = {ord(form): group[0] for group in _VARIANT_GROUPS.split() for form in group[1:]}
_SMALL = str.maketrans("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ")
_OLD_KANA = str.maketrans("ヰヱヲヂヅ", "イエオジズ")
_COLUMNS = {
    "ア": "アカサタナハマヤラワガザダバパ",
    "イ": "イキシチニヒミリギジビピエケセテネヘメレゲゼデベペ",  # long e is written ei
    "ウ": "ウクスツヌフムユルグズブプヴオコソトノホモヨロゴゾドボポ",  # long o is written u
}
_LONG = {kana: vowel for vowel, column in _COLUMNS.items() for kana in column}
_O_COLUMN = "オコソトノホモヨロゴゾドボポ"
_KANA = re.compile(r"[ァ-ヶー]+")
_UNREADABLE = re.compile(r"[\ue000-\uf8ff\U000f0000-\U0010ffff\ufffd〓〇●■□◆*?]")
_DASHES = re.compile(r"[‐‑‒–—―−﹣－ｰ]|(?<=\d)[ーｰ]|[ーｰ](?=\d)")
_BLANK = re.compile(r"\s+")
_HENTAIGANA = "HENTAIGANA LETTER "


def is_kana(text: str) -> bool:
    """Say whether a text is written in kana only (half or full width, hiragana or katakana)."""
    return bool(_KANA.fullmatch(_BLANK.sub("", normal(_plain_kana(text)))))


def unreadable(text: str) -> bool:
    """Say whether a text holds 外字 or a substitute for them (〓, ●, ?): it cannot be compared."""
    return bool(_UNREADABLE.search(text))


def fold_name(text: str) -> str:
    """Return a name in kanji as it is compared: variants, width, blanks and selectors folded.

    >>> fold_name("渡邉　髙志") == fold_name("渡辺 高志")
    True
    """
    return _BLANK.sub("", normal(_plain_kana(text))).translate(_VARIANTS)


def fold_kana(text: str) -> str:
    """Return a name in kana as it is compared: width, small kana, old kana and long vowels folded.

    >>> fold_kana("ｵｵﾉ ﾕｰｺ") == fold_kana("オオノ ユウコ")
    True
    """
    kana = _BLANK.sub("", normal(_plain_kana(text))).translate(_SMALL).translate(_OLD_KANA)
    out: list[str] = []
    for sign in kana:
        before = out[-1] if out else ""
        if sign == "ー":
            out.append(_LONG.get(before, sign))
        elif sign == "オ" and before and before in _O_COLUMN:
            out.append("ウ")
        else:
            out.append(sign)
    return "".join(out)


def forms(sign: str) -> str:
    """Return every form of a character that folds to the same one, itself included."""
    return next((group for group in _VARIANT_GROUPS.split() if sign in group), sign)


def old_form(sign: str) -> str:
    """Return a 変体仮名 of a kana, or the sign itself where there is none."""
    name = unicodedata.name(sign, "").replace("KATAKANA", "HIRAGANA")
    if not name.startswith("HIRAGANA LETTER "):
        return sign
    try:
        return unicodedata.lookup(f"{_HENTAIGANA}{name.removeprefix('HIRAGANA LETTER ')}-1")
    except KeyError:
        return sign


def fold_dashes(text: str) -> str:
    """Return the text with every kind of dash written `-`; a long-vowel sign counts as one beside a digit."""
    return _DASHES.sub("-", text)


def _plain_kana(text: str) -> str:
    """Return the text with 変体仮名 written as today's hiragana. Their Unicode names tell which."""
    if not any("\U0001b000" <= sign <= "\U0001b16f" for sign in text):
        return text
    return "".join(_modern(sign) for sign in text)


def _modern(sign: str) -> str:
    name = unicodedata.name(sign, "")
    if name == "HIRAGANA LETTER ARCHAIC YE":
        return "え"
    if not name.startswith(_HENTAIGANA):
        return sign
    sound = name.removeprefix(_HENTAIGANA).split("-")[0]
    return unicodedata.lookup(f"HIRAGANA LETTER {sound}")
