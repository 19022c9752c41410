"""How institutions write one human down differently: marriages, moves, variant characters, slips of the hand.

The rates are assumptions, written as data so that a measured rate can replace one; docs/matching.md repeats them.
"""

import random
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from kakehashi.fhir.parse import Resource
from kakehashi.people import folding, synthetic
from kakehashi.people.identifiers import MEMBER_SYSTEM
from kakehashi.people.synthetic import Human, Spelt

_KANA = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
_ERAS = (1911, 1925, 1988, 2018)  # year 0 of 大正, 昭和, 平成, 令和
_KANA_SLIPS = str.maketrans("シツソンコユヌスワアカハ", "ツシンソユコスヌウマガバ")
_SMALL_TO_LARGE = str.maketrans("ァィゥェォッャュョ", "アイウエオツヤユヨ")


@dataclass(frozen=True, slots=True)
class Sighting:
    """One human as one institution wrote them down. `human` is the truth; `patient` is what matching sees."""

    human: int
    patient: Resource


@dataclass(slots=True)
class Written:
    """What is written: the human, and how the writing differs from the card."""

    human: Human
    kanji: str
    kana: str
    parted: bool = True
    birth: str = ""
    member: str = ""


Change = Callable[[random.Random, Written], None]
Rates = Sequence[tuple[float, Change]]  # how often each change befalls a writing


def sightings(
    humans: Sequence[Human], seed: int = 2, most: int = 3, rates: Rates | None = None
) -> Iterator[Sighting]:
    """Yield one to `most` sightings of each human, the first as on the card, later ones with errors.

    rates: of these errors, instead of RATES.
    """
    rates = RATES if rates is None else rates
    rng = random.Random(seed)  # noqa: S311 - made-up people, no secret
    for human in humans:
        for turn in range(rng.randint(1, most)):
            written = Written(human, *_full(human), birth=human.birth.isoformat(), member=human.member.value)
            if turn:
                for rate, change in rates:
                    if rng.random() < rate:
                        change(rng, written)
            yield Sighting(human.key, _patient(written, f"{human.key}-{turn}"))


def _married(rng: random.Random, written: Written) -> None:
    human = written.human
    if human.sex == "female" and 1966 <= human.birth.year <= 2006:
        written.human = replace(human, family=synthetic.draw_family(rng))
        written.kanji, written.kana = _full(written.human)
        _other_insurance(rng, written)
        _moved(rng, written)


def _moved(rng: random.Random, written: Written) -> None:
    written.human = replace(written.human, address=synthetic.draw_address(rng))


def _other_insurance(rng: random.Random, written: Written) -> None:
    insurer, symbol, number = synthetic.draw_card(rng)
    written.member = f"{insurer}:{symbol}:{number}:{rng.randint(0, 4):02}"


def _no_branch(_: random.Random, written: Written) -> None:
    written.member = written.member[:-2] if written.member[-2:].isdigit() else written.member


def _wrong_branch(rng: random.Random, written: Written) -> None:
    if written.member[-2:].isdigit():
        written.member = f"{written.member[:-2]}{rng.randint(0, 5):02}"


def _no_member(_: random.Random, written: Written) -> None:
    written.member = ""


def _variant(rng: random.Random, written: Written) -> None:
    written.kanji = "".join(rng.choice(folding.forms(sign)) for sign in written.kanji)


def _half_width(_: random.Random, written: Written) -> None:
    written.kana = "".join(_HALF.get(sign, sign) for sign in unicodedata.normalize("NFD", written.kana))


def _large_kana(_: random.Random, written: Written) -> None:
    written.kana = written.kana.translate(_SMALL_TO_LARGE)


def _long_vowel(_: random.Random, written: Written) -> None:
    written.kana = written.kana.replace("ウ ", "ー ").replace("オオ", "オー")


def _hentaigana(_: random.Random, written: Written) -> None:
    written.kanji = "".join(folding.old_form(sign) for sign in written.kanji)


def _no_kana(_: random.Random, written: Written) -> None:
    written.kana = ""


def _no_kanji(_: random.Random, written: Written) -> None:
    if written.kana:
        written.kanji = ""


def _kana_slip(rng: random.Random, written: Written) -> None:
    places = [place for place, sign in enumerate(written.kana) if sign != " "]
    if places:
        at = rng.choice(places)
        written.kana = written.kana[:at] + written.kana[at].translate(_KANA_SLIPS) + written.kana[at + 1 :]


def _kanji_slip(rng: random.Random, written: Written) -> None:
    if written.kanji:
        written.kanji = written.kanji[:-1] + rng.choice("子美一二郎太夫男")


def _homophone(rng: random.Random, written: Written) -> None:
    others = synthetic.homophones(written.human.family)
    if others and written.kanji:
        written.kanji = f"{rng.choice(others).kanji} {written.human.given.kanji}"


def _gaiji(rng: random.Random, written: Written) -> None:
    if written.kanji:
        at = rng.randrange(len(written.kanji))
        written.kanji = written.kanji[:at] + "〓" + written.kanji[at + 1 :]


def _unparted(_: random.Random, written: Written) -> None:
    written.parted = False


def _swapped_day(_: random.Random, written: Written) -> None:
    year, month, day = written.birth.split("-")
    if int(day) <= 12:
        written.birth = f"{year}-{day}-{month}"


def _digit_off(rng: random.Random, written: Written) -> None:
    at = rng.choice([2, 3, 6, 9])
    other = written.birth[:at] + str(rng.randint(0, 9)) + written.birth[at + 1 :]
    written.birth = other if _a_day(other) else written.birth


def _era_off(rng: random.Random, written: Written) -> None:
    born = written.human.birth.year
    mine = max((start for start in _ERAS if start < born), default=_ERAS[0])
    other = rng.choice([start for start in _ERAS if start != mine]) + born - mine
    text = f"{other}{written.birth[4:]}"
    if 1911 < other <= 2026 and _a_day(text):
        written.birth = text


def _wrong_sex(_: random.Random, written: Written) -> None:
    written.human = replace(written.human, sex="male" if written.human.sex == "female" else "female")


def _no_sex(_: random.Random, written: Written) -> None:
    written.human = replace(written.human, sex="unknown")


def _no_phone(_: random.Random, written: Written) -> None:
    written.human = replace(written.human, phone="")


def _other_phone(rng: random.Random, written: Written) -> None:
    written.human = replace(written.human, phone=synthetic.draw_phone(rng))


def _no_address(_: random.Random, written: Written) -> None:
    written.human = replace(written.human, address="")


def _short_address(_: random.Random, written: Written) -> None:
    text = written.human.address.split(" ")[0]
    for unit in ("丁目", "番"):
        text = text.replace(unit, "-")
    written.human = replace(written.human, address=text.replace("号", ""))


RATES: Rates = (
    (0.04, _married), (0.08, _moved), (0.10, _other_insurance), (0.15, _no_branch), (0.005, _wrong_branch),
    (0.10, _no_member), (0.15, _variant), (0.15, _half_width), (0.05, _large_kana), (0.02, _long_vowel),
    (0.002, _hentaigana), (0.05, _no_kana), (0.02, _no_kanji), (0.02, _kana_slip), (0.01, _kanji_slip),
    (0.01, _homophone), (0.01, _gaiji), (0.03, _unparted), (0.004, _swapped_day), (0.006, _digit_off),
    (0.003, _era_off), (0.001, _wrong_sex), (0.005, _no_sex), (0.30, _no_phone), (0.10, _other_phone),
    (0.05, _no_address), (0.50, _short_address),
)  # fmt: skip


def _full(human: Human) -> tuple[str, str]:
    family, given = human.family, human.given
    return f"{family.kanji} {given.kanji}", f"{family.kana} {given.kana}"


def _patient(written: Written, key: str) -> Resource:
    human = written.human
    spellings = ((written.kanji, "IDE"), (written.kana, "SYL"))
    names = [_name(text, code, written.parted) for text, code in spellings if text]
    tree: dict[str, Any] = {"resourceType": "Patient", "id": key, "name": names, "gender": human.sex}
    tree["birthDate"] = written.birth
    if written.member:
        tree["identifier"] = [{"system": MEMBER_SYSTEM, "value": written.member}]
    if human.address:
        tree["address"] = [{"text": human.address}]
    if human.phone:
        tree["telecom"] = [{"system": "phone", "value": human.phone}]
    return Resource("Patient", key, b"", tree)


def _name(text: str, code: str, parted: bool) -> dict[str, Any]:
    spelt = Spelt(*text.split(" ", 1)) if parted and " " in text else None
    said: dict[str, Any] = {"text": text if parted else text.replace(" ", "")}
    said["extension"] = [{"url": _KANA, "valueCode": code}]
    return said | ({"family": spelt.kanji, "given": [spelt.kana]} if spelt else {})


def _a_day(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


_HALF = {
    unicodedata.normalize("NFKC", chr(code)): chr(code) for code in range(0xFF66, 0xFF9E)
} | {"\u3099": "\uff9e", "\u309a": "\uff9f"}  # fmt: skip
