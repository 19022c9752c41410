"""Who a person is, and how each institution wrote them down: own number, old address, other characters for a name.

The variations are those that identity matching meets in the field (枝番 missing, 異体字, half-width kana, moved
house, changed surname). All people are invented; every address lies in a prefecture that does not exist.
"""

import unicodedata
from dataclasses import dataclass, replace

from kakehashi.samples import systems
from kakehashi.samples.region import BY_SLUG, Site
from kakehashi.samples.trees import Tree, chance, drawn, identifier, pick
from kakehashi.terms import japan

TOWNS = ("桜町", "中央", "港町", "光が丘", "青葉", "森町", "海辺", "学園", "橋本町", "緑が丘", "川岸", "山手")
VARIANTS = str.maketrans("高斎崎辺沢浜桜島富吉広渡", "髙齋﨑邊澤濱櫻嶋冨𠮷廣渡")  # 異体字 met in registers
KANA_IN_HALF = ("minato", "umibe")  # their old systems keep kana so; the sharing service would refuse it
SURNAMES_BEFORE = (("結城", "ユウキ"), ("相馬", "ソウマ"), ("黒田", "クロダ"), ("真田", "サナダ"))
UNNAMED = "ベビー"  # what hospitals write of a newborn whose parents have not yet chosen a name


@dataclass(frozen=True, slots=True)
class Identity:
    """A person as one institution knows them. Dates are ISO texts; `insured` False means no insurance is on file."""

    key: str
    family: str
    given: str
    family_kana: str
    given_kana: str
    gender: str
    birth: str
    address: str
    phone: str
    insurer: str  # slug
    symbol: str
    number: str
    branch: str
    died: str = ""
    insured: bool = True
    half_width: bool = False  # this institution's system keeps kana in half width

    @property
    def member_id(self) -> str:
        """被保険者個人識別子: insurer (8 digits):symbol:number:branch. Source: CLINS guide, R1013."""
        return f"{BY_SLUG[self.insurer].code}:{self.symbol}:{self.number}:{self.branch}"

    @property
    def kana(self) -> str:
        """Family and given name in katakana as this institution writes it."""
        text = f"{self.family_kana} {self.given_kana}"
        return to_half_width(text) if self.half_width else text


def to_half_width(katakana: str) -> str:
    """Return katakana in half width (JIS X 0201), voiced marks apart."""
    return "".join(_HALF.get(sign, sign) for sign in unicodedata.normalize("NFD", katakana))


_HALF = {
    unicodedata.normalize("NFKC", chr(half)): chr(half) for half in range(0xFF66, 0xFF9E)
} | {"\u3099": "ﾞ", "\u309a": "ﾟ"}  # fmt: skip


def identity_of(key: str, patient: Tree) -> Identity:
    """Return the person behind a clinosim Patient, moved to the sample region and insured there."""
    family, given = _name(patient, "IDE")
    family_kana, given_kana = _name(patient, "SYL")
    if not given:
        given = given_kana = UNNAMED
    birth = patient["birthDate"]
    return Identity(
        key, family, given, family_kana or "ナナシ", given_kana or "ナナシ", patient["gender"], birth,
        address_of(key), f"000-{drawn(9000, key, 'phone') + 1000}-{drawn(9000, key, 'line') + 1000}",
        *_insurance(key, birth), died=str(patient.get("deceasedDateTime", ""))[:10],
    )  # fmt: skip


def address_of(*parts: str) -> str:
    """Return an address in the invented city."""
    chome, block, house = (
        drawn(n, *parts, place) + 1 for n, place in ((6, "chome"), (28, "block"), (20, "house"))
    )
    return f"架空県架橋市{pick(TOWNS, *parts, 'town')}{chome}丁目{block}-{house}"


def _insurance(key: str, birth: str) -> tuple[str, str, str, str]:
    """Return insurer, symbol, number and branch."""
    number = f"{drawn(9_000_000, key, 'number') + 1_000_000}"
    branch = f"{drawn(4, key, 'branch'):02d}"
    if birth < "1951":  # 75 and older: 後期高齢者医療, a number of eight digits without a symbol
        return "koiki", "", number + str(drawn(10, key, "last")), "00"
    if chance(60, key, "insurer"):
        return "kenpo", f"{drawn(9000, key, 'symbol') + 1000}", number, branch
    return "kokuho", f"架橋{drawn(90, key, 'symbol') + 10}", number, branch


def _name(patient: Tree, form: str) -> tuple[str, str]:
    for name in patient.get("name", ()):
        if any(one.get("valueCode") == form for one in name.get("extension", ())):
            return name.get("family", ""), (name.get("given") or [""])[0]
    return "", ""


def as_known_at(person: Identity, site: Site) -> Identity:
    """Return the person as this institution wrote them down: mostly right, sometimes as in the field."""
    known, parts = person, (person.key, site.slug)
    if chance(12, *parts, "variant"):
        known = replace(known, family=known.family.translate(VARIANTS))
    if chance(10, *parts, "moved"):
        known = replace(known, address=address_of(*parts))
    if person.gender == "female" and chance(4, *parts, "surname"):
        family, kana = pick(SURNAMES_BEFORE, *parts)
        known = replace(known, family=family, family_kana=kana)
    return replace(known, half_width=site.slug in KANA_IN_HALF)


def local_number(person: Identity, site: Site) -> str:
    """Return the person's number at this institution: eight digits of its own."""
    return f"{drawn(90_000_000, person.key, site.slug, 'local') + 10_000_000}"


def patient(known: Identity, site: Site, *, ecs: bool = False) -> Tree:
    """Return the Patient as this institution sends it, without an id; `ecs`: shaped as JP_Patient_eCS."""
    identifiers = [identifier(systems.LOCAL_PATIENT + site.code, local_number(known, site))]
    if known.insured:
        identifiers.append(identifier(japan.MEMBER_ID, known.member_id))
    made: Tree = {
        "resourceType": "Patient",
        "identifier": identifiers,
        "name": [_human_name("IDE", known.family, known.given), _kana_name(known)],
        "telecom": [{"system": "phone", "value": known.phone, "use": "home"}],
        "gender": known.gender,
        "birthDate": known.birth,
        "address": [{"text": known.address, "country": "JP"}],
    }
    if ecs:
        number = {"system": japan.INSTITUTION_ID, "value": site.code}
        return made | {"extension": [{"url": japan.INSTITUTION_NUMBER, "valueIdentifier": number}]}
    died = {"deceasedDateTime": known.died} if known.died else {}
    return made | {"meta": {"security": [systems.TEST_DATA]}} | died


def _human_name(form: str, family: str, given: str) -> Tree:
    return {
        "extension": [{"url": japan.NAME_REPRESENTATION, "valueCode": form}],
        "use": "official",
        "text": f"{family} {given}",
        "family": family,
        "given": [given],
    }


def _kana_name(known: Identity) -> Tree:
    family, _, given = known.kana.partition(" ")
    return _human_name("SYL", family, given)
