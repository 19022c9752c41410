"""Required bindings: which codes an element may hold. Sets whose codes R4's package lacks are held to a form."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from kakehashi.fhir import definitions
from kakehashi.fhir.definitions import Element
from kakehashi.fhir.shapes import Member

OPEN_FORMS: dict[str, tuple[re.Pattern[str], str]] = {
    "urn:iso:std:iso:4217": (re.compile(r"[A-Z]{3}", re.ASCII), "JPY"),
    "urn:ietf:bcp:13": (
        # R4's own CapabilityStatements name formats by their short names too
        re.compile(
            r"[A-Za-z0-9!#$&^_.+\-]+/[A-Za-z0-9!#$&^_.+\-*]+(?:\s*;\s*[^\s;]+)*|json|xml|ttl", re.ASCII
        ),
        "application/pdf",
    ),
    "http://unitsofmeasure.org": (re.compile(r"\S+", re.ASCII), "mg/dL"),
}
"""Code systems that are too large or not HL7's: the form of their codes, and an example."""

NOT_HELD = {"http://loinc.org/vs/LL379-9": "a LOINC answer list, not part of R4's package"}
"""Required value sets that cannot be checked here, and why."""


def bound(member: Member) -> bool:
    """Say whether a required binding holds for the member and can be checked."""
    return _bound(member.element) and member.type.code in (
        "code",
        "Coding",
        "CodeableConcept",
        "uri",
        "string",
    )


def _bound(element: Element) -> bool:
    return element.strength == "required" and element.binding in definitions.load().value_sets


@cache
def code_check(url: str) -> Callable[[object], object]:
    """Return what is true for the codes of a value set; raises TypeError for what is no text."""
    held = definitions.load().value_sets[url]
    if held.open:
        return OPEN_FORMS[held.open[0]][0].fullmatch  # type: ignore[return-value]
    return frozenset(code for codes in held.codes.values() for code in codes).__contains__


@cache
def pair_check(url: str) -> Callable[[object, object], bool]:
    """Return what says whether (system, code) is in a value set."""
    held = definitions.load().value_sets[url]
    pairs = frozenset((system, code) for system, codes in held.codes.items() for code in codes)
    systems = frozenset(held.open)
    return lambda system, code: (system, code) in pairs or (system in systems and isinstance(code, str))


def concept_holds(url: str, value: dict[str, Any]) -> bool:
    """Say whether a Coding, or one coding of a CodeableConcept, is in the value set."""
    check = pair_check(url)
    codings = value.get("coding", [value])
    return any(check(one.get("system"), one.get("code")) for one in codings)


def some(url: str, most: int = 12) -> str:
    """Return the codes of a value set as an aid to who must mend one; an example where they are not listed."""
    held = definitions.load().value_sets[url]
    if held.open:
        return OPEN_FORMS[held.open[0]][1]
    codes = sorted({code for listed in held.codes.values() for code in listed})
    return ", ".join(codes[:most]) + (", …" if len(codes) > most else "")
