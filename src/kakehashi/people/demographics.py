"""What a Patient resource says of the person, folded for comparing: names, birth date, sex, address. Pure."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from kakehashi.fhir.parse import Resource
from kakehashi.people.addresses import Address, read_address
from kakehashi.people.folding import fold_kana, fold_name, is_kana, unreadable

_REPRESENTATION = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
_SEXES = ("male", "female", "other")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NOT_DIGIT = re.compile(r"[^0-9]")
_LONGEST = 200  # characters of a folded name; indexes of PostgreSQL take no more than 2,704 bytes
_BLANK = re.compile(r"[\s　]+")
_NO_CURRENT_USE = ("old", "maiden", "temp")


@dataclass(frozen=True, slots=True)
class Name:
    """One spelling of a name, folded; `text` is the original. Family and given are "" when not told apart."""

    text: str = ""
    family: str = ""
    given: str = ""
    full: str = ""


@dataclass(frozen=True, slots=True)
class Demographics:
    """What is compared of a person. "" and None: not said, or not readable (外字, a birth year alone)."""

    kanji: Name = field(default_factory=Name)
    kana: Name = field(default_factory=Name)
    birth: date | None = None
    sex: str = ""  # "male", "female", "other"
    address: Address = field(default_factory=Address)
    address_text: str = ""
    postal: str = ""
    phones: tuple[str, ...] = ()  # digits only, sorted


def of_patient(patient: Resource) -> Demographics:
    """Read the demographics of a Patient resource. What is missing or unreadable stays empty."""
    tree = patient.tree
    names = [item for item in _items(tree, "name") if item.get("use") not in _NO_CURRENT_USE]
    spelt = [(item, _name_text(item)) for item in names]
    kana = next((read_name(*said, kana=True) for item, said in spelt if _in_kana(item, said)), Name())
    kanji = next((read_name(*said) for item, said in spelt if not _in_kana(item, said)), Name())
    home = next((item for item in _items(tree, "address") if item.get("use") != "old"), {})
    text = _text(home, "text")
    sex = _text(tree, "gender")
    return Demographics(
        kanji=kanji,
        kana=kana,
        birth=read_day(_text(tree, "birthDate")),
        sex=sex if sex in _SEXES else "",
        address=read_address(text, state=_text(home, "state"), city=_text(home, "city")),
        address_text=text,
        postal=_NOT_DIGIT.sub("", unicodedata.normalize("NFKC", _text(home, "postalCode"))),
        phones=tuple(sorted(set(_phones(tree)))),
    )


def read_name(text: str, family: str = "", given: str = "", *, kana: bool = False) -> Name:
    """Fold one spelling of a name. Without parts, a blank in `text` parts family from given. What is longer than names
    are is kept as it is said, and compared with nothing.

    >>> read_name("渡邉　髙志").full
    '渡辺高志'
    """
    whole = text or f"{family} {given}".strip()
    if unreadable(whole):
        return Name(text=whole)
    if not (family and given):
        family, _, given = _BLANK.sub(" ", whole.strip()).partition(" ")
    fold = fold_kana if kana else fold_name
    full = fold(family + given) if given else fold(whole)
    if len(full) > _LONGEST:
        return Name(text=whole)
    return Name(whole, fold(family), fold(given), full) if given else Name(whole, "", "", full)


def read_day(text: str) -> date | None:
    """Return a full FHIR date, or None for a partial or impossible one."""
    if not _DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _name_text(item: Mapping[str, object]) -> tuple[str, str, str]:
    given = item.get("given")
    parts = [part for part in given if isinstance(part, str)] if isinstance(given, list) else []
    return _text(item, "text"), _text(item, "family"), " ".join(parts)


def _in_kana(item: Mapping[str, object], said: tuple[str, str, str]) -> bool:
    for extension in _items(item, "extension"):
        if extension.get("url") == _REPRESENTATION:
            return extension.get("valueCode") == "SYL"
    return is_kana("".join(said[1:]) or said[0])


def _phones(tree: Mapping[str, object]) -> Iterator[str]:
    for item in _items(tree, "telecom"):
        digits = _NOT_DIGIT.sub("", unicodedata.normalize("NFKC", _text(item, "value")))
        if item.get("system") == "phone" and len(digits) >= _SHORTEST_PHONE:
            yield digits


_SHORTEST_PHONE = 9  # digits; shorter ones are extensions and tell nothing


def _items(tree: Mapping[str, object], member: str) -> Iterator[Mapping[str, object]]:
    listed = tree.get(member)
    yield from (item for item in listed if isinstance(item, Mapping)) if isinstance(listed, list) else ()


def _text(tree: Mapping[str, object], member: str) -> str:
    value = tree.get(member)
    return value if isinstance(value, str) else ""
