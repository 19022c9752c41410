"""Japanese addresses in the parts that are compared: prefecture, municipality, and the rest folded. Pure.

Source of the names: 総務省 都道府県コード及び市区町村コード (47 prefectures; municipalities whose name itself
holds 市, 町, 村 or 郡, which a plain cut at the first such sign would break).
"""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from kakehashi.people.folding import fold_dashes, fold_name

# fmt: off
PREFECTURES = (
    "北海道", "青森県", "岩手県", "宮城県", "秋田県", "山形県", "福島県", "茨城県", "栃木県", "群馬県",
    "埼玉県", "千葉県", "東京都", "神奈川県", "新潟県", "富山県", "石川県", "福井県", "山梨県",
    "長野県", "岐阜県", "静岡県", "愛知県", "三重県", "滋賀県", "京都府", "大阪府", "兵庫県", "奈良県",
    "和歌山県", "鳥取県", "島根県", "岡山県", "広島県", "山口県", "徳島県", "香川県", "愛媛県",
    "高知県", "福岡県", "佐賀県", "長崎県", "熊本県", "大分県", "宮崎県", "鹿児島県", "沖縄県",
)
_TRICKY = (
    "四日市市", "廿日市市", "野々市市", "八日市場市", "市川市", "市原市", "町田市", "大町市",
    "十日町市", "村上市", "村山市", "東村山市", "武蔵村山市", "羽村市", "田村市", "大村市", "郡山市",
    "大和郡山市", "郡上市", "小郡市", "蒲郡市", "余市郡余市町", "高市郡", "玉村町", "中村区",
)
# fmt: on
_MUNICIPALITY = re.compile(r"(?:[^市区町村郡]{1,6}郡[^市区町村]{1,7}[町村]|[^市区町村]{1,7}[市区町村])")
_NUMBERS = re.compile(r"([〇一二三四五六七八九十]+)(?=丁目|番(?!町)|号|-)")
_UNITS = re.compile(r"(?<=[0-9])(?:丁目|番地の|番地|番(?!町)|号室|号|の|-)+")
_JOINER = re.compile(r"(?<=[一-龠])[ヶケガヵカノ之](?=[一-龠])")  # 霞ヶ関, 霞が関, 虎ノ門, 虎之門
_DIGITS = {sign: value for value, sign in enumerate("〇一二三四五六七八九")}
# 架空県 is the sample region's: the invented people are found by their four items as anybody is.
_FOLDED_PREFECTURES = {fold_name(name): name for name in (*PREFECTURES, "架空県")}


@dataclass(frozen=True, slots=True)
class Address:
    """An address as it is compared. Empty parts were not found; `town` is all below the municipality."""

    prefecture: str = ""
    municipality: str = ""
    town: str = ""


def read_address(text: str, *, state: str = "", city: str = "") -> Address:
    """Take an address apart. `state` (name or JIS code) and `city`, where given, settle what they say.

    >>> read_address("東京都千代田区霞が関一丁目２番２号")
    Address(prefecture='東京都', municipality='千代田区', town='霞関1-2-2')
    """
    rest = _folded(text)
    prefecture = next((name for name in _FOLDED_PREFECTURES if rest.startswith(name)), "")
    rest = rest.removeprefix(prefecture)
    named = _FOLDED_PREFECTURES.get(prefecture) or _prefecture(state)
    municipality = _municipality(rest, _folded(city))
    rest = rest.removeprefix(municipality)
    return Address(named, municipality, _town(rest))


def alike(asked: Address, held: Address) -> bool:
    """Say whether two addresses agree: prefecture exactly, what lies below it nearly (R-A4).

    Source: 救急時医療情報閲覧, search by four items: fuzzy only below the prefecture.
    """
    if not asked.prefecture or asked.prefecture != held.prefecture:
        return False
    below, held_below = asked.municipality + asked.town, held.municipality + held.town
    if not below or not held_below:
        return False
    begins = len(below) >= _ENOUGH and held_below.startswith(below)
    return begins or _closeness(below, held_below) >= _CLOSE


_ENOUGH = 3  # characters below the prefecture that a beginning must have to count as an address
_CLOSE = 0.8  # share of characters in common, as difflib counts them


def _folded(text: str) -> str:
    return _JOINER.sub("", fold_name(fold_dashes(text)))


def _closeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _prefecture(state: str) -> str:
    if state.isascii() and state.isdigit() and 1 <= int(state) <= len(PREFECTURES):
        return PREFECTURES[int(state) - 1]
    return _FOLDED_PREFECTURES.get(fold_name(state), "")


def _municipality(rest: str, city: str) -> str:
    if city and rest.startswith(city):
        return city
    for name in _FOLDED_TRICKY:
        if rest.startswith(name):
            return name
    found = _MUNICIPALITY.match(rest)
    return found[0] if found else ""


def _town(rest: str) -> str:
    digits = _NUMBERS.sub(lambda found: str(_number(found[1])), rest)
    return _UNITS.sub("-", digits).strip("-")


def _number(kanji: str) -> int:
    """Return 1 to 99 written in kanji as a number: 二十三 is 23, 一〇 is 10."""
    if "十" not in kanji:
        return int("".join(str(_DIGITS[sign]) for sign in kanji))
    tens, _, ones = kanji.partition("十")
    return (_DIGITS.get(tens, 1)) * 10 + _DIGITS.get(ones, 0)


_FOLDED_TRICKY = sorted((_folded(name) for name in _TRICKY), key=len, reverse=True)
