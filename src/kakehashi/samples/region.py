"""The sample region 架空県架橋市: who takes part, who works there, who can sign in. All of it is invented.

Prefecture number 49 belongs to no prefecture of Japan (they end at 47), so no code here can be a real one's.
Institution codes: prefecture 2 + 点数表番号 1 (1 medical, 4 pharmacy) + 7; insurer numbers 8, both ending in the
usual check digit (source: 診療報酬請求書等の記載要領, 別添2 保険者番号等設定要領).
"""

from dataclasses import dataclass
from typing import Literal

from kakehashi.core.actors import InstitutionType, Role

PREFECTURE = "49"
Sends = Literal["clins", "fhir", "none"]


@dataclass(frozen=True, slots=True)
class Staff:
    """Someone who works at an institution, and may sign in."""

    login: str
    name: str
    kana: str
    role: Role
    licence: str = ""  # registration number; invented
    emergency_right: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    """An institution. `sends`: how it hands over its 5情報 (CLINS Bundles, or plain FHIR like all else)."""

    slug: str
    code: str
    name: str
    type: InstitutionType
    address: str
    phone: str
    sends: Sends = "none"
    departments: tuple[str, ...] = ()
    staff: tuple[Staff, ...] = ()

    def working_as(self, role: Role) -> tuple[Staff, ...]:
        """Return the staff of one role."""
        return tuple(one for one in self.staff if one.role is role)

    @property
    def gives_care(self) -> bool:
        """Whether patients have encounters here."""
        return self.type in (InstitutionType.HOSPITAL, InstitutionType.CLINIC)


def check_digit(digits: str) -> str:
    """Return the check digit: weights 2, 1, 2, … from the right, digits of the products summed, ten's complement."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        product = int(digit) * (2 - place % 2)
        total += product // 10 + product % 10
    return str(-total % 10)


def _code(fee_table: str, serial: int) -> str:
    body = f"{PREFECTURE}{fee_table}01{serial:04d}"
    return body + check_digit(body)


def _insurer(law: str, serial: int) -> str:
    body = f"{law}{PREFECTURE}{serial:03d}"
    return body + check_digit(body)


def _doctor(login: str, name: str, kana: str, *, emergency: bool = False) -> Staff:
    serial = sum(login.encode()) * 97 % 1_000_000
    return Staff(login, name, kana, Role.DOCTOR, f"{serial:06d}", emergency)


def _nurse(login: str, name: str, kana: str) -> Staff:
    return Staff(login, name, kana, Role.NURSE)


def _clerk(login: str, name: str, kana: str) -> Staff:
    return Staff(login, name, kana, Role.CLERK)


def _pharmacist(login: str, name: str, kana: str) -> Staff:
    return Staff(login, name, kana, Role.PHARMACIST, f"{sum(login.encode()) * 89 % 1_000_000:06d}")


HOSPITALS = (
    Site(
        "chuo",
        _code("1", 1),
        "架橋中央病院（架空）",
        InstitutionType.HOSPITAL,
        "架空県架橋市中央1丁目1-1",
        "000-0001-0001",
        "clins",
        ("内科", "循環器内科", "消化器内科", "外科", "整形外科", "救急科"),
        (
            _doctor("chuo.doctor", "橋本 明", "ハシモト アキラ", emergency=True),
            _doctor("chuo.doctor2", "水野 真理", "ミズノ マリ"),
            _doctor("chuo.doctor3", "川上 大地", "カワカミ ダイチ"),
            _nurse("chuo.nurse", "星野 光", "ホシノ ヒカル"),
            _nurse("chuo.nurse2", "月岡 静", "ツキオカ シズカ"),
            _clerk("chuo.clerk", "受付 春香", "ウケツケ ハルカ"),
        ),
    ),
    Site(
        "daigaku",
        _code("1", 2),
        "かけはし大学病院（架空）",
        InstitutionType.HOSPITAL,
        "架空県架橋市学園2丁目3-4",
        "000-0001-0002",
        "clins",
        ("救急科", "腫瘍内科", "循環器内科", "脳神経外科", "小児科"),
        (
            _doctor("daigaku.er", "救仁郷 翼", "クニゴウ ツバサ", emergency=True),
            _doctor("daigaku.doctor2", "学 由紀", "マナブ ユキ"),
            _nurse("daigaku.nurse", "白石 渚", "シライシ ナギサ"),
            _clerk("daigaku.clerk", "受付 夏樹", "ウケツケ ナツキ"),
        ),
    ),
    Site(
        "minato",
        _code("1", 3),
        "みなと総合病院（架空）",
        InstitutionType.HOSPITAL,
        "架空県架橋市港町5丁目6-7",
        "000-0001-0003",
        "fhir",
        ("内科", "眼科", "循環器内科", "リハビリテーション科"),
        (
            _doctor("minato.doctor", "港 一樹", "ミナト カズキ", emergency=True),
            _doctor("minato.doctor2", "帆足 凪", "ホアシ ナギ"),
            _nurse("minato.nurse", "磯辺 千波", "イソベ チナミ"),
            _clerk("minato.clerk", "受付 秋生", "ウケツケ アキオ"),
        ),
    ),
)

CLINICS = (
    Site(
        "sakura",
        _code("1", 11),
        "さくら内科クリニック（架空）",
        InstitutionType.CLINIC,
        "架空県架橋市桜町3丁目2-1",
        "000-0002-0011",
        "clins",
        ("内科",),
        (
            _doctor("sakura.doctor", "桜井 望", "サクライ ノゾミ"),
            _nurse("sakura.nurse", "花村 梓", "ハナムラ アズサ"),
            _clerk("sakura.clerk", "受付 冬美", "ウケツケ フユミ"),
        ),
    ),
    Site(
        "hikari",
        _code("1", 12),
        "ひかり小児科医院（架空）",
        InstitutionType.CLINIC,
        "架空県架橋市光が丘1丁目8-2",
        "000-0002-0012",
        "clins",
        ("小児科",),
        (
            _doctor("hikari.doctor", "日向 葵", "ヒュウガ アオイ"),
            _nurse("hikari.nurse", "虹川 泉", "ニジカワ イズミ"),
        ),
    ),
    Site(
        "aoba",
        _code("1", 13),
        "あおば整形外科（架空）",
        InstitutionType.CLINIC,
        "架空県架橋市青葉4丁目4-4",
        "000-0002-0013",
        "clins",
        ("整形外科",),
        (
            _doctor("aoba.doctor", "青木 力", "アオキ チカラ"),
            _nurse("aoba.nurse", "若葉 楓", "ワカバ カエデ"),
        ),
    ),
    Site(
        "mori",
        _code("1", 14),
        "もりのこころのクリニック（架空）",
        InstitutionType.CLINIC,
        "架空県架橋市森町2丁目9-5",
        "000-0002-0014",
        "clins",
        ("心療内科",),
        (
            _doctor("mori.doctor", "森川 静香", "モリカワ シズカ"),
            _nurse("mori.nurse", "木下 透", "キノシタ トオル"),
        ),
    ),
    Site(
        "umibe",
        _code("1", 15),
        "うみべ診療所（架空）",
        InstitutionType.CLINIC,
        "架空県架橋市海辺6丁目1-3",
        "000-0002-0015",
        "fhir",
        ("内科",),
        (
            _doctor("umibe.doctor", "浜田 渉", "ハマダ ワタル"),
            _nurse("umibe.nurse", "波多野 澄", "ハタノ スミ"),
        ),
    ),
)

PHARMACIES = tuple(
    Site(
        slug,
        _code("4", serial),
        name,
        InstitutionType.PHARMACY,
        address,
        f"000-0004-{serial:04d}",
        staff=(_pharmacist(f"{slug}.pharmacist", person, kana),),
    )
    for serial, slug, name, address, person, kana in (
        (1, "suzuran", "すずらん薬局（架空）", "架空県架橋市桜町3丁目2-5", "鈴原 薫", "スズハラ カオル"),
        (2, "hotaru", "ほたる薬局（架空）", "架空県架橋市中央1丁目1-9", "蛍田 実", "ホタルダ ミノル"),
        (3, "wakaba", "わかば薬局（架空）", "架空県架橋市青葉4丁目4-6", "若林 萌", "ワカバヤシ モエ"),
        (4, "tsubasa", "つばさ薬局（架空）", "架空県架橋市海辺6丁目1-8", "羽田 翔子", "ハネダ ショウコ"),
    )
)

INSURERS = (
    Site(
        "kenpo",
        _insurer("06", 1),
        "架橋健康保険組合（架空）",
        InstitutionType.INSURER,
        "架空県架橋市中央2丁目2-2",
        "000-0005-0001",
        staff=(Staff("kenpo.staff", "保坂 健", "ホサカ ケン", Role.INSURER),),
    ),
    Site(
        "kokuho",
        _insurer("00", 2),
        "架橋市国民健康保険（架空）",
        InstitutionType.INSURER,
        "架空県架橋市役所町1-1",
        "000-0005-0002",
        staff=(Staff("kokuho.staff", "国分 民子", "コクブ タミコ", Role.INSURER),),
    ),
    Site(
        "koiki",
        _insurer("39", 3),
        "架空県後期高齢者医療広域連合（架空）",
        InstitutionType.INSURER,
        "架空県架橋市役所町1-3",
        "000-0005-0003",
        staff=(Staff("koiki.staff", "広瀬 連", "ヒロセ レン", Role.INSURER),),
    ),
)

MUNICIPALITY = Site(
    "kakyo",
    "499999",
    "架空県架橋市（架空）",
    InstitutionType.MUNICIPALITY,
    "架空県架橋市役所町1-1",
    "000-0006-0001",
    staff=(Staff("kakyo.staff", "市原 務", "イチハラ ツトム", Role.MUNICIPALITY),),
)

OPERATOR = Site(
    "operator",
    "",
    "架け橋 運用センター（架空）",
    InstitutionType.OPERATOR,
    "架空県架橋市橋のたもと1",
    "000-0007-0001",
    staff=(
        Staff("operator", "運天 操", "ウンテン ミサオ", Role.OPERATOR),
        Staff("auditor", "監物 正", "ケンモツ タダシ", Role.AUDITOR),
    ),
)

SITES = (*HOSPITALS, *CLINICS, *PHARMACIES, *INSURERS, MUNICIPALITY, OPERATOR)
BY_SLUG = {site.slug: site for site in SITES}
BY_CODE = {site.code: site for site in SITES}

# 2-digit 診療科 codes, as far as the CLINS guide's own examples show them; other departments go by their name alone.
DEPARTMENT_CODES = {"循環器内科": ("08", "循環器科"), "眼科": ("26", "眼科")}
