"""Synthetic people: households with names, birth dates, addresses and insurance. Nobody here exists.

For training and measuring the matching, and for tests: the same seed makes the same people. Among them are what
makes matching hard: twins, fathers and sons with like names, namesakes, common surnames.
Names and their readings are common ones, written down here; numbers are drawn.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from kakehashi.people.identifiers import MemberId, member_id

_TODAY = date(2026, 11, 21)

# Surnames by frequency, the commonest first; many with characters that have variants.
_FAMILIES = (
    "佐藤サトウ 鈴木スズキ 高橋タカハシ 田中タナカ 伊藤イトウ 渡辺ワタナベ 山本ヤマモト 中村ナカムラ "
    "小林コバヤシ 加藤カトウ 吉田ヨシダ 山田ヤマダ 佐々木ササキ 山口ヤマグチ 松本マツモト "
    "井上イノウエ 木村キムラ 林ハヤシ 斎藤サイトウ 清水シミズ 山崎ヤマザキ 森モリ 池田イケダ "
    "橋本ハシモト 阿部アベ 石川イシカワ 山下ヤマシタ 中島ナカジマ 石井イシイ 小川オガワ 前田マエダ "
    "岡田オカダ 長谷川ハセガワ 藤田フジタ 後藤ゴトウ 近藤コンドウ 村上ムラカミ 遠藤エンドウ "
    "青木アオキ 坂本サカモト 福田フクダ 太田オオタ 西村ニシムラ 藤井フジイ 金子カネコ 岡本オカモト "
    "藤原フジワラ 中野ナカノ 三浦ミウラ 原田ハラダ 中川ナカガワ 松田マツダ 竹内タケウチ 小野オノ "
    "田村タムラ 中山ナカヤマ 和田ワダ 石田イシダ 森田モリタ 上田ウエダ 原ハラ 内田ウチダ 柴田シバタ "
    "酒井サカイ 宮崎ミヤザキ 横山ヨコヤマ 高木タカギ 安藤アンドウ 宮本ミヤモト 大野オオノ 小島コジマ "
    "谷口タニグチ 今井イマイ 工藤クドウ 増田マスダ 丸山マルヤマ 杉山スギヤマ 村田ムラタ 大塚オオツカ "
    "新井アライ 小山コヤマ 平野ヒラノ 藤本フジモト 河野コウノ 上野ウエノ 野口ノグチ 武田タケダ "
    "松井マツイ 千葉チバ 菅原スガワラ 岩崎イワサキ 浜田ハマダ 広瀬ヒロセ 沢田サワダ 桜井サクライ "
    "国分コクブ 富田トミタ 辺見ヘンミ 関根セキネ 滝沢タキザワ 黒沢クロサワ 神谷カミヤ 曽根ソネ "
    "塩田シオタ 西沢ニシザワ 島田シマダ 浜崎ハマサキ 大橋オオハシ "
    "安部アベ 大田オオタ 伊東イトウ 菊地キクチ 菊池キクチ 児島コジマ 斎木サイキ 西条サイジョウ"
).split()
_MEN = (
    "誠マコト 健一ケンイチ 健二ケンジ 健太ケンタ 健人ケント 翔太ショウタ 翔平ショウヘイ 大輔ダイスケ "
    "大樹ダイキ 拓也タクヤ 直樹ナオキ 直人ナオト 浩ヒロシ 博ヒロシ 浩二コウジ 浩一コウイチ 和夫カズオ "
    "和也カズヤ 正男マサオ 正夫マサオ 茂シゲル 実ミノル 隆タカシ 隆之タカユキ 学マナブ 剛ツヨシ "
    "豊ユタカ 勇イサム 進ススム 清キヨシ 昇ノボル 勝マサル 修オサム 弘ヒロシ 陽斗ハルト 湊ミナト "
    "蓮レン 悠真ユウマ 悠斗ユウト 颯太ソウタ 蒼アオイ 樹イツキ 大翔ヒロト 律リツ 一郎イチロウ "
    "二郎ジロウ 三郎サブロウ 亮リョウ 亮太リョウタ 聡サトシ 哲也テツヤ 雄一ユウイチ 雄二ユウジ "
    "竜也タツヤ 真一シンイチ 達也タツヤ 慎吾シンゴ 涼リョウ 航ワタル 海斗カイト 駿シュン 匠タクミ "
    "幸雄ユキオ 義雄ヨシオ 秀樹ヒデキ 裕之ヒロユキ"
).split()
_WOMEN = (
    "陽子ヨウコ 洋子ヨウコ 恵メグミ 恵子ケイコ 啓子ケイコ 幸子サチコ 和子カズコ 京子キョウコ "
    "裕子ユウコ 優子ユウコ 由美ユミ 由美子ユミコ 真由美マユミ 久美子クミコ 智子トモコ 順子ジュンコ "
    "典子ノリコ 静子シズコ 節子セツコ 千代チヨ ハルハル キヨキヨ トメトメ 美咲ミサキ 愛アイ 舞マイ "
    "麻衣マイ 彩アヤ 彩香アヤカ 葵アオイ 結衣ユイ 陽菜ヒナ 凛リン 結愛ユア さくらサクラ ひなたヒナタ "
    "花ハナ 花子ハナコ 美穂ミホ 美香ミカ 香織カオリ 直美ナオミ 明美アケミ 悦子エツコ 文子フミコ "
    "千恵子チエコ 栄子エイコ 寿子ヒサコ 真理マリ 真理子マリコ 桜サクラ 莉子リコ 美月ミヅキ 千夏チナツ "
    "七海ナナミ 友美トモミ 奈々ナナ 琴音コトネ 咲良サクラ 遥ハルカ 瑞穂ミズホ 沙織サオリ 綾アヤ "
    "綾子アヤコ 弥生ヤヨイ 涼子リョウコ"
).split()
_PLACES = (
    "東京都板橋区 東京都世田谷区 東京都江戸川区 東京都杉並区 東京都大田区 東京都町田市 "
    "東京都武蔵村山市 神奈川県横浜市 神奈川県川崎市 神奈川県藤沢市 千葉県市川市 千葉県船橋市 "
    "千葉県柏市 埼玉県さいたま市 埼玉県所沢市 茨城県龍ケ崎市 群馬県高崎市 静岡県浜松市 愛知県名古屋市 "
    "三重県四日市市 大阪府大阪市 京都府京都市 広島県廿日市市 北海道札幌市"
).split()
_TOWNS = "本町 栄 緑 大宮 桜 中央 富士見 旭 美園 霞ヶ丘 虎ノ門 三番町 朝日 北 南 東 西 若葉 末広 幸".split()
_BUILDINGS = ("", "", "", " 第一荘", " コーポ緑", " 桜ハイツ")
_INSURERS = ("01130012", "06139877", "00131011", "31130040", "06270123", "00141234")
_LATE_ELDERLY = 75  # years; insured one by one from then on


@dataclass(frozen=True, slots=True)
class Spelt:
    """A part of a name in kanji and its reading in katakana."""

    kanji: str
    kana: str


@dataclass(frozen=True, slots=True)
class Human:
    """One synthetic human. `key` is the truth that matching must find again."""

    key: int
    family: Spelt
    given: Spelt
    sex: str  # "male", "female"
    birth: date
    address: str
    phone: str
    member: MemberId


def make(count: int, seed: int = 1) -> list[Human]:
    """Return synthetic humans in households, the same for the same seed; every hundredth is given a namesake."""
    rng = random.Random(seed)  # noqa: S311 - made-up people, no secret
    made: list[Human] = []
    while len(made) < count:
        household = list(_household(rng, len(made) + 1))
        made += household
        if rng.random() < 0.03:
            made.append(_namesake(rng, household[0], len(made) + 1))
    return made[:count]


def draw_address(rng: random.Random) -> str:
    """Return an address as written on a card."""
    numbers = f"{rng.randint(1, 5)}丁目{rng.randint(1, 30)}番{rng.randint(1, 20)}号"
    building = rng.choice(_BUILDINGS)
    return f"{rng.choice(_PLACES)}{rng.choice(_TOWNS)}{numbers}{building and f'{building}{rng.randint(101, 909)}'}"


def draw_phone(rng: random.Random) -> str:
    """Return a mobile number of no meaning."""
    return f"090-{rng.randint(1000, 9999)}-{rng.randint(1000, 9999)}"


def draw_family(rng: random.Random) -> Spelt:
    """Return a surname, common ones more often."""
    return spelt(rng.choices(_FAMILIES, [1 / (rank + 5) for rank in range(len(_FAMILIES))])[0])


def homophones(family: Spelt) -> list[Spelt]:
    """Return other surnames that are read the same: 伊東 for 伊藤."""
    return [other for other in map(spelt, _FAMILIES) if other.kana == family.kana and other != family]


def draw_card(rng: random.Random) -> tuple[str, str, str]:
    """Return insurer, symbol and number of a household's insurance card."""
    symbol, number = str(rng.randint(10, 9999)), str(rng.randint(1, 99_999_999))
    return rng.choice(_INSURERS), symbol, number


def spelt(text: str) -> Spelt:
    """Part `佐藤サトウ` into kanji and reading; a name in katakana alone is written twice, `ハルハル`."""
    at = next((place for place, sign in enumerate(text) if "ァ" <= sign <= "ヶ"), 0) or len(text) // 2
    return Spelt(text[:at], text[at:])


def _household(rng: random.Random, key: int) -> Iterator[Human]:
    family, address, card = draw_family(rng), draw_address(rng), draw_card(rng)
    head = Human(
        key, family, spelt(rng.choice(_MEN)), "male", _born(rng, 25, 95), address, draw_phone(rng),
        member_id(*card, "00"),
    )  # fmt: skip
    people = [head]
    if rng.random() < 0.6:
        people.append(
            replace(head, sex="female", given=spelt(rng.choice(_WOMEN)), birth=_near(rng, head.birth))
        )
    for _ in range(rng.choices([0, 1, 2, 3], [4, 3, 3, 1])[0] if _age(head.birth) < _LATE_ELDERLY else 0):
        people += _children(rng, head)
    for place, one in enumerate(people):
        yield _insured(rng, replace(one, key=key + place), f"{place:02}")


def _children(rng: random.Random, head: Human) -> Iterator[Human]:
    """One child, or twins; a son may bear a name like his father's (健一, 健二)."""
    sex = rng.choice(["male", "female"])
    birth = head.birth + timedelta(days=rng.randint(22, 40) * 365 + rng.randint(0, 364))
    names = _MEN if sex == "male" else _WOMEN
    like = [name for name in names if name[0] == head.given.kanji[0] and spelt(name) != head.given]
    first = rng.choice(like) if like and rng.random() < 0.3 else rng.choice(names)
    chosen = [first]
    if rng.random() < 0.04:
        other = [name for name in names if spelt(name).kana != spelt(first).kana]
        chosen.append(rng.choice([name for name in other if name[0] == first[0]] or other))
    for name in chosen if birth <= _TODAY else []:
        yield replace(head, sex=sex, given=spelt(name), birth=birth)


def _insured(rng: random.Random, one: Human, branch: str) -> Human:
    if _age(one.birth) >= _LATE_ELDERLY:
        return replace(one, member=member_id("39130083", "", f"{rng.randint(1, 99_999_999):08}"))
    return replace(one, member=replace(one.member, branch=branch), phone=_own_phone(rng, one))


def _own_phone(rng: random.Random, one: Human) -> str:
    """Children and some spouses give the household's number."""
    return one.phone if _age(one.birth) < 15 or rng.random() < 0.3 else draw_phone(rng)


def _namesake(rng: random.Random, one: Human, key: int) -> Human:
    """Another human of the same name and sex, at times of the same birth date or town."""
    birth = one.birth if rng.random() < 0.1 else _near(rng, one.birth)
    address = draw_address(rng)
    other = replace(one, key=key, birth=birth, address=address, phone=draw_phone(rng))
    return _insured(rng, replace(other, member=member_id(*draw_card(rng), "00")), "00")


def _born(rng: random.Random, youngest: int, oldest: int) -> date:
    return _TODAY - timedelta(days=rng.randint(youngest * 365, oldest * 365))


def _near(rng: random.Random, birth: date) -> date:
    return min(birth + timedelta(days=rng.randint(-2000, 2000)), _TODAY)


def _age(birth: date) -> int:
    return (_TODAY - birth).days // 365
