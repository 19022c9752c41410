"""Words for the viewer's tests: records as short lines, made into the sheets that the viewer reads."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from kakehashi.core.kinds import Flag, Kind
from kakehashi.fhir.facts_times import TIMES
from kakehashi.services.viewer.medicines import YJ
from kakehashi.services.viewer.sheet import Sheet

NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
OURS, THEIRS = 1, 2  # institutions
_NUMBER = iter(range(1_000_000))


def at(day: str) -> datetime:
    """Ten o'clock in Japan of a day."""
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC) + timedelta(hours=1)


def sheet(
    kind: Kind,
    type_: str,
    day: str = "2026-11-01",
    *,
    where: int = OURS,
    flags: Flag = Flag.NONE,
    dated: bool = True,
    **tree: Any,
) -> Sheet:
    """One record of a day; not `dated`: it came in on that day and does not say when it was."""
    name = f"r{next(_NUMBER)}"
    said = {one: at(day).isoformat() for one in TIMES.get(type_, ())[:1] if dated}
    whole = {"resourceType": type_, "id": name, **said, **tree}
    return Sheet(type_, name, kind, where, flags, at(day), lambda: whole)


def concept(text: str = "", **codes: str) -> dict[str, Any]:
    """A CodeableConcept: its text, and a code for each system named by a keyword of `SYSTEMS`."""
    coding = [{"system": SYSTEMS[name], "code": code, "display": text} for name, code in codes.items()]
    return {"text": text, "coding": coding} if text else {"coding": coding}


SYSTEMS = {
    "yj": YJ,
    "jlac10": "http://medis.or.jp/CodeSystem/master-JLAC10-17digits",
    "loinc": "http://loinc.org",
    "disease": "http://medis.or.jp/CodeSystem/master-disease-keyNumber",
    "icd10": "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/ICD10-2013-full",
    "clinical": "http://terminology.hl7.org/CodeSystem/condition-clinical",
    "snomed": "http://snomed.info/sct",
    "mark": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
}


def lab(value: Any, unit: str = "mg/dL", day: str = "2026-11-01", *, where: int = OURS, text: str = "クレアチニン",
        low: float | None = None, high: float | None = None, mark: str = "", **codes: str) -> Sheet:  # fmt: skip
    """A laboratory value; a text value becomes a string."""
    tree: dict[str, Any] = {"code": concept(text, **codes)}
    if isinstance(value, str):
        tree["valueString"] = value
    else:
        tree["valueQuantity"] = {"value": value, "unit": unit}
    if low is not None or high is not None:
        ends = {"low": low, "high": high}
        tree["referenceRange"] = [{end: {"value": edge} for end, edge in ends.items() if edge is not None}]
    if mark:
        tree["interpretation"] = [concept(mark=mark)]
    return sheet(Kind.LAB, "Observation", day, where=where, **tree)


def medicine(
    name: str,
    day: str,
    days: int | None,
    *,
    where: int = OURS,
    yj: str = "",
    dispensed: bool = False,
    **tree: Any,
) -> Sheet:
    """A prescription or a dispensing of some days."""
    supply = {} if days is None else {"value": days, "unit": "日", "code": "d"}
    duration = (
        {"daysSupply": supply} if dispensed else {"dispenseRequest": {"expectedSupplyDuration": supply}}
    )
    return sheet(
        Kind.DISPENSE if dispensed else Kind.PRESCRIPTION,
        "MedicationDispense" if dispensed else "MedicationRequest",
        day,
        where=where,
        **{"medicationCodeableConcept": concept(name, **({"yj": yj} if yj else {})), **duration, **tree},
    )
