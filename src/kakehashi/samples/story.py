"""The told persons of the sample region: nine invented lives that each show one thing. None of them exists.

Their charts stand in story_charts.py; who they are and how each institution wrote them down stands here.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from kakehashi.core.kinds import Kind
from kakehashi.samples.identity import KANA_IN_HALF, Identity
from kakehashi.samples.region import Site


@dataclass(frozen=True, slots=True)
class Story:
    """A told person: what they show, in both languages, and where they are written down differently."""

    slug: str
    identity: Identity
    ja: str
    en: str
    differing: dict[str, dict[str, Any]] = field(
        default_factory=dict
    )  # site slug: fields of Identity that differ

    def known_at(self, site: Site) -> Identity:
        """Return the person as an institution knows them."""
        half = {"half_width": site.slug in KANA_IN_HALF}
        return replace(self.identity, **half | self.differing.get(site.slug, {}))


@dataclass(frozen=True, slots=True)
class Withholding:
    """What a told person withholds: records of these kinds, of one institution, from all others."""

    person: str  # slug of the story
    institution: str  # slug of the site
    kinds: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class Proxy:
    """Who may act for whom (代理人)."""

    person: str
    proxy: str
    basis: str


def _identity(
    slug: str, name: str, kana: str, gender: str, birth: str, address: str, insured: tuple[str, str, str, str]
) -> Identity:
    family, given = name.split()
    family_kana, given_kana = kana.split()
    number = sum(slug.encode()) % 1000
    return Identity(
        f"story-{slug}", family, given, family_kana, given_kana, gender, birth, f"架空県架橋市{address}",
        f"000-9000-{number:04d}", *insured,
    )  # fmt: skip


_SHO = ("1979-11-03", "川岸2丁目7-{}")

STORIES = (
    Story(
        "hanako",
        _identity("hanako", "架橋 花子", "カケハシ ハナコ", "female", "1962-05-14", "桜町3丁目5-8",
                  ("kokuho", "架橋31", "4900014", "00")),
        "糖尿病と狭心症。診療所・2つの病院・薬局の記録が一本の時間軸に並び、痛み止めの重複も見えます。",
        "Diabetes and angina: a clinic, two hospitals and pharmacies on one time line; doubled painkillers show.",
        {"minato": {"family": "架橋", "address": "架空県架橋市港町1丁目2-3"}},
    ),
    Story(
        "makoto",
        _identity("makoto", "綾瀬 誠", "アヤセ マコト", "male", "1955-02-20", "中央4丁目11-2",
                  ("kokuho", "架橋45", "4900025", "00")),
        "中央病院に未告知の病名があります。医師には「未告知」の印つきで見え、本人の画面には跡も残りません。",
        "A diagnosis not yet told to him: doctors see it marked, his own pages show no trace of it.",
    ),
    Story(
        "ren",
        _identity("ren", "上原 蓮", "ウエハラ レン", "male", "1990-08-08", "森町1丁目3-9",
                  ("kenpo", "4912", "4900036", "00")),
        "もりのこころのクリニックの病名が未提供です。ほかのどこからも見えません。",
        "A diagnosis marked as not to be given out: nobody but who wrote it sees it.",
    ),
    Story(
        "misaki",
        _identity("misaki", "早瀬 美咲", "ハヤセ ミサキ", "female", "1984-12-01", "青葉2丁目6-6",
                  ("kenpo", "4913", "4900047", "01")),
        "もりのこころのクリニックの記録を、本人がほかの施設に見せないようにしています。",
        "She withholds one clinic's records from everybody else.",
    ),
    Story(
        "isamu",
        _identity("isamu", "七瀬 勇", "ナナセ イサム", "male", "1948-07-27", "海辺6丁目9-1",
                  ("koiki", "", "49000581", "00")),
        "意識不明で大学病院に救急搬送。ワルファリン服用中、ペニシリンでアナフィラキシー。救急閲覧を試せます。",
        "Brought in unconscious: on warfarin, anaphylaxis to penicillin. Try emergency access.",
    ),
    Story(
        "aya",
        _identity("aya", "小鳥遊 彩", "タカナシ アヤ", "female", "1993-04-02", "光が丘5丁目1-7",
                  ("kenpo", "4914", "4900069", "00")),
        "幼い娘・空の代理人として、娘の記録と閲覧履歴を見られます。",
        "Acts for her small daughter Sora and sees the child's record and log.",
    ),
    Story(
        "sora",
        _identity("sora", "小鳥遊 空", "タカナシ ソラ", "female", "2024-03-02", "光が丘5丁目1-7",
                  ("kenpo", "4914", "4900069", "02")),
        "2歳。鶏卵アレルギーと予防接種。母・彩が代理人です。",
        "Two years old: egg allergy, vaccinations; her mother Aya acts for her.",
    ),
    Story(
        "sho",
        _identity("sho", "高橋 翔", "タカハシ ショウ", "male", _SHO[0], _SHO[1].format(14),
                  ("kenpo", "4915", "4900070", "00")),
        "よく似た別人（髙橋 翔）がいます。うみべ診療所は保険番号なしで登録しており、同じ人か決められません。",
        "There is another, much alike person; one clinic has no insurance number, so the match is in doubt.",
        {"umibe": {"insured": False, "address": f"架空県架橋市{_SHO[1].format(16)}"}},
    ),
    Story(
        "sho2",
        _identity("sho2", "髙橋 翔", "タカハシ ショウ", "male", _SHO[0], _SHO[1].format(41),
                  ("kokuho", "架橋52", "4900081", "00")),
        "高橋 翔とよく似た別人です。",
        "Much like 高橋 翔, but another person.",
    ),
    Story(
        "kazuko",
        _identity("kazuko", "渡邊 和子", "ワタナベ カズコ", "female", "1958-10-10", "山手3丁目8-2",
                  ("kokuho", "架橋58", "4900092", "01")),
        "みなと総合病院の登録には被保険者番号の枝番がありません。",
        "One hospital registered her without the branch number of her insurance.",
        {"minato": {"branch": "", "family": "渡辺"}, "sakura": {"family": "渡邉"}},
    ),
)  # fmt: skip
BY_STORY = {story.slug: story for story in STORIES}

WITHHOLDINGS = (
    Withholding(
        "misaki", "mori", (Kind.CONDITION, Kind.PRESCRIPTION, Kind.DISPENSE, Kind.VISIT, Kind.REFERRAL)
    ),
)
PROXIES = (Proxy("sora", "aya", "parent"),)


def story_of(slug: str) -> Story:
    """Return a told person."""
    return BY_STORY[slug]
