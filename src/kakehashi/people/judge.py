"""Whose record is it? The rules that link a Patient to a person, as functions of what is found and claimed.

A mislink shows one human's record as another's, a missed link only hides something: in doubt, a new person,
and whoever is in doubt is suspended from being seen elsewhere until an operator settles it.
Source: 個人番号カードの紐付け総点検 (R-A12): on a mismatch of the items, viewing stops until it is settled.

| what is found                              | birth, sex, name with it | verdict                        |
| ------------------------------------------ | ------------------------ | ------------------------------ |
| its own number (or a row stored, or what   | do not contradict        | that person                    |
| it said before)                            | contradict               | that person, suspended         |
| … and an identifier of somebody else       | agree with that other    | that person; review of the two |
|                                            | do not all agree         | that person, suspended         |
| an identifier that names one person        | all agree                | that person                    |
|                                            | one contradicts          | a new one, suspended; review   |
|                                            | something is missing     | a new one; review              |
| one that names a household, found with     | all agree                | that person                    |
| birth, sex and name as part of the key     |                          |                                |
| nothing                                    |                          | a new person                   |

An institution may correct what it alone said: only when both birth date and name turn into others has its
number been given to another human.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from kakehashi.people.demographics import Demographics, Name
from kakehashi.people.identifiers import Identifier, LocalNumber, MemberId, PayerId


class Agreement(StrEnum):
    """How one item of two descriptions compares."""

    AGREES = "agrees"
    DIFFERS = "differs"
    MISSING = "missing"


class Step(StrEnum):
    """What is done with a claim."""

    SAME = "same"  # written to the person found
    NEW = "new"  # written to a new person
    SUSPENDED_SAME = "suspended-same"  # to the person found, hidden from others until it is settled
    SUSPENDED_NEW = "suspended-new"  # to a new person, hidden from others until it is settled


class Key(NamedTuple):
    """What an identifier is looked up by. `holder` tells people apart who share (system, value), else ""."""

    system: str
    value: str
    holder: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The items of two descriptions, compared."""

    birth: Agreement
    sex: Agreement
    name: Agreement  # the given name, in kanji or in kana; the whole name where it is not parted
    family: Agreement  # differs after a marriage: evidence only, decides nothing

    @property
    def agrees(self) -> bool:
        """Birth date and name agree, and sex does not contradict."""
        both = self.birth is self.name is Agreement.AGREES
        return both and self.sex is not Agreement.DIFFERS

    @property
    def contradicts(self) -> bool:
        """At least one of the items that do not change contradicts."""
        return Agreement.DIFFERS in (self.birth, self.sex, self.name)

    def evidence(self) -> dict[str, str]:
        """The comparison as evidence: which items agreed, never their values."""
        return {item: getattr(self, item).value for item in ("birth", "sex", "name", "family")}


@dataclass(frozen=True, slots=True)
class Said:
    """What one institution has on record of a person. `doubted`: its link is suspended, it proves nothing."""

    institution: int
    demographics: Demographics
    doubted: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """Who holds the claimed keys, and what is known of them, by root: merged keys stand together."""

    holders: dict[Key, int] = field(default_factory=dict)
    roots: dict[int, int] = field(default_factory=dict)
    said: dict[int, list[Said]] = field(default_factory=dict)  # root -> descriptions

    def root(self, person: int) -> int:
        """Return the key that stands for everyone merged with this person."""
        return self.roots.get(person, person)


@dataclass(frozen=True, slots=True)
class Claimed:
    """One Patient as an institution claims it. `own` is the key of its own number, where it gave one."""

    institution: int
    demographics: Demographics
    keys: tuple[Key, ...] = ()
    own: Key | None = None
    again: Mapping[Key, Key] = field(default_factory=dict)  # disputed key -> where its claim was put before
    known: int | None = None  # the person under whom this very resource is already stored


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done. `person` is None for a new one; `review` are roots that may be the same human.

    `disputed` keys are held by somebody else and are not taken from them. `own_doubt`: what is written under the
    person may itself be about another human.
    """

    step: Step
    person: int | None
    rule: str
    evidence: Mapping[str, str] = field(default_factory=dict)
    review: frozenset[int] = frozenset()
    disputed: frozenset[Key] = frozenset()
    own_doubt: bool = False

    @property
    def suspended(self) -> bool:
        """Whether what this institution writes of the person is hidden from others until it is settled."""
        return self.step in (Step.SUSPENDED_SAME, Step.SUSPENDED_NEW)


def keys_of(identifiers: Sequence[Identifier], who: Demographics, institution: int) -> tuple[Key, ...]:
    """Return the keys that a claim may be linked by. What names no single person carries birth, sex and name.

    Without full birth date, sex and name such an identifier links nobody, so it has no key. Identifiers of
    systems unknown here hold within their institution only.
    """
    traits = _traits(who)
    keys = []
    for one in identifiers:
        if one.names_one:
            keys.append(Key(one.system, one.value, ""))
        elif traits:
            wide = isinstance(one, MemberId | PayerId)
            keys.append(Key(one.system, one.value, traits if wide else f"{institution}|{traits}"))
    return tuple(keys)


def again_keys(identifiers: Sequence[Identifier], who: Demographics, institution: int) -> dict[Key, Key]:
    """Return where a claim that was disputed is found again when the institution sends the same once more."""
    said = f"{institution}|{who.birth or ''}|{who.sex}|{who.kana.full or who.kanji.full}"
    single = [one for one in identifiers if one.names_one]
    return {Key(one.system, one.value, ""): Key(one.system, one.value, said) for one in single}


def own_key(identifiers: Sequence[Identifier], institution_code: str) -> Key | None:
    """Return the key of the institution's own number of this patient, if it gave one."""
    for one in identifiers:
        if isinstance(one, LocalNumber) and one.institution == institution_code:
            return Key(one.system, one.value, "")
    return None


def compare(one: Demographics, other: Demographics) -> Comparison:
    """Compare two descriptions item by item. Surname may change; birth date, sex and given name do not."""
    return Comparison(
        birth=_agreement(one.birth, other.birth),
        sex=_agreement(one.sex, other.sex),
        name=_any(_names(one.kanji, other.kanji), _names(one.kana, other.kana)),
        family=_any(
            _agreement(one.kanji.family, other.kanji.family), _agreement(one.kana.family, other.kana.family)
        ),
    )


def judge(found: Found, claimed: Claimed) -> Verdict:
    """Say whose record the claim is, by the table above."""
    if claimed.known is not None:
        return _stay(found, claimed, claimed.known, "known-row")
    if claimed.own in found.holders:
        return _stay(found, claimed, found.holders[claimed.own], "own-number")
    if claimed.own is None:
        for before in claimed.again.values():
            if before in found.holders:
                return _stay(found, claimed, found.holders[before], "said-before")
    return _by_identifiers(found, claimed)


def _stay(found: Found, claimed: Claimed, person: int, rule: str) -> Verdict:
    """The institution's own number settles who it is; what contradicts suspends, and moves nothing."""
    root = found.root(person)
    others = {key: held for key, held in _held(found, claimed).items() if found.root(held) != root}
    strangers = [one for held in others.values() if not (one := _strongest(found, claimed, held)).agrees]
    seen = [(one, compare(one.demographics, claimed.demographics)) for one in _trusted(found, root)]
    unsettling = [compared for one, compared in seen if _unsettles(one, compared, claimed)]
    doubts = unsettling + strangers
    evidence = next(iter(doubts + [compared for _, compared in seen]), None)
    return Verdict(
        Step.SUSPENDED_SAME if doubts else Step.SAME,
        person,
        rule,
        evidence.evidence() if evidence else {},
        frozenset(found.root(held) for held in others.values()),
        frozenset(others),
        bool(unsettling),
    )


def _unsettles(said: Said, seen: Comparison, claimed: Claimed) -> bool:
    """Another institution's word contradicts, or this one's number now names somebody else altogether."""
    if said.institution != claimed.institution:
        return seen.contradicts
    return seen.birth is seen.name is Agreement.DIFFERS


def _by_identifiers(found: Found, claimed: Claimed) -> Verdict:
    """Without an own number: the holder of an identifier, if everything that does not change agrees."""
    held = _held(found, claimed)
    if not held:
        return Verdict(Step.NEW, None, "nothing-found")
    seen = {key: _strongest(found, claimed, person) for key, person in held.items()}
    roots, keys = frozenset(found.root(person) for person in held.values()), frozenset(held)
    if doubt := next((one for one in seen.values() if one.contradicts), None):
        return Verdict(Step.SUSPENDED_NEW, None, "contradiction", doubt.evidence(), roots, keys)
    if unsure := next((one for one in seen.values() if not one.agrees), None):
        return Verdict(Step.NEW, None, "not-enough", unsure.evidence(), roots, keys)
    key, person = next(iter(held.items()))
    root = found.root(person)
    disputed = frozenset(other for other, holder in held.items() if found.root(holder) != root)
    rule = "identifier-and-items" if key.holder else "identifier"
    return Verdict(Step.SAME, person, rule, seen[key].evidence(), roots - {root}, disputed)


def _held(found: Found, claimed: Claimed) -> dict[Key, int]:
    return {key: found.holders[key] for key in claimed.keys if key in found.holders}


def _strongest(found: Found, claimed: Claimed, person: int) -> Comparison:
    """Compare with all that is known of a person and trusted: a contradiction outweighs any agreement."""
    seen = [compare(one.demographics, claimed.demographics) for one in _trusted(found, found.root(person))]
    contradicting = [one for one in seen if one.contradicts]
    agreeing = [one for one in seen if one.agrees]
    return next(iter(contradicting + agreeing + seen), _UNKNOWN)


def _trusted(found: Found, root: int) -> list[Said]:
    return [one for one in found.said.get(root, ()) if not one.doubted]


def _names(one: Name, other: Name) -> Agreement:
    if one.given and other.given:
        return _agreement(one.given, other.given)
    return _agreement(one.full, other.full)


def _agreement(one: object, other: object) -> Agreement:
    if not one or not other:
        return Agreement.MISSING
    return Agreement.AGREES if one == other else Agreement.DIFFERS


def _any(*seen: Agreement) -> Agreement:
    """One agreeing spelling is enough: 裕子 may be read two ways, and 髙 be written 高."""
    return next((one for one in (Agreement.AGREES, Agreement.DIFFERS) if one in seen), Agreement.MISSING)


def _traits(who: Demographics) -> str:
    name = who.kana.full or who.kanji.full
    return f"{who.birth.isoformat()}|{who.sex}|{name}" if who.birth and who.sex and name else ""


_UNKNOWN = Comparison(Agreement.MISSING, Agreement.MISSING, Agreement.MISSING, Agreement.MISSING)
