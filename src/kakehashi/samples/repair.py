"""Mend or drop what clinosim's Japanese output gets wrong, and thin what would only be bulk. Pure; counts what it does.

Without the JP-CLINS terminology package, which may not be passed on, clinosim writes fallback codes: five-digit
JLAC10, placeholder allergens ("00M"), drug codes under the wrong system. Nothing wrong is kept for show.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from kakehashi.samples import systems
from kakehashi.samples.clins.codes import ALLERGENS, LABS
from kakehashi.samples.trees import Tree, codes_of, coding
from kakehashi.terms import japan

KEPT = frozenset(
    """Patient Encounter Condition AllergyIntolerance Observation DiagnosticReport MedicationRequest
    MedicationAdministration Procedure Immunization FamilyMemberHistory ImagingStudy""".split()
)  # orders, specimens, care teams, beds and notes without text say nothing that these do not
ROUNDS_A_DAY = 4  # of one vital sign: intensive care alone would be two thirds of all rows otherwise
SCORES_DROPPED = frozenset({"NEWS2"})
NAMELESS = (
    "(display unavailable)"  # of a suspected diagnosis; some have clinosim's own key for a code of ICD-10
)
HOT7 = "http://medis.or.jp/CodeSystem/master-HOT7"  # clinosim fills it with the first digits of YJ codes
JLAC10_SHORT = "urn:oid:1.2.392.200119.4.1005"
STATUS_EXTENSION = "urn:clinosim:medicationrequest-effective-status"
LAB_CATEGORY = [
    {
        "coding": [
            coding(f"{systems.HL7}/observation-category", "laboratory", "Laboratory"),
            coding(japan.OBSERVATION_CATEGORY, "laboratory", "Laboratory"),
        ],
        "text": "検体検査",
    }
]


def repaired(resources: Iterable[Tree], tally: Counter[str]) -> Iterator[Tree]:
    """Yield what is worth keeping of one person's resources, mended in place; `tally` counts what was done."""
    rounds: Counter[tuple[str, str]] = Counter()
    for resource in resources:
        kind = resource["resourceType"]
        if kind not in KEPT:
            tally[f"left out: {kind}"] += 1
        elif why := _useless(resource, rounds):
            tally[f"dropped: {why}"] += 1
        else:
            _mend(resource, tally)
            yield resource


def _useless(resource: Tree, rounds: Counter[tuple[str, str]]) -> str:
    """Say why a resource is not kept, or nothing."""
    kind = resource["resourceType"]
    if kind == "AllergyIntolerance" and resource["code"].get("text") not in ALLERGENS:
        return (
            "allergy without a known allergen"  # "no known allergy" is written as resolved, and would mislead
        )
    if kind == "Observation":
        text = resource["code"].get("text", "")
        if SCORES_DROPPED & set(codes_of(resource["code"])):
            return "score of every hour"
        if {"vital-signs", "survey"} & set(codes_of(resource.get("category"))):
            slot = (text, resource.get("effectiveDateTime", "")[:10])
            rounds[slot] += 1
            if rounds[slot] > ROUNDS_A_DAY:
                return "more than four rounds a day"
        if not any(member.startswith("value") or member == "component" for member in resource):
            return "observation without a value"
    if kind == "Condition" and resource["code"].get("text") == NAMELESS:
        return "diagnosis without a name"
    if kind == "DiagnosticReport" and not resource["code"].get("text"):
        return "report without a name"
    return ""


def _mend(resource: Tree, tally: Counter[str]) -> None:
    resource.pop("meta", None)  # profiles it does not keep to; times are the server's
    for member in ("identifier", "extension"):
        kept = [one for one in resource.get(member, ()) if _is_kept(one)]
        _put(resource, member, kept, resource.get(member, []), tally, f"mended: clinosim's own {member}")
    if removed := _strip_empty(resource):
        tally["mended: empty text or invented code"] += removed
    match resource["resourceType"]:
        case "Observation":
            _mend_observation(resource, tally)
        case "AllergyIntolerance":
            _mend_allergy(resource, tally)
        case "MedicationRequest":
            _mend_medication(resource, tally)
        case "MedicationAdministration":
            _mend_medication(resource, tally)
            _mend_given_dose(resource, tally)
        case "DiagnosticReport":
            if resource.pop("media", None):  # it points at an ImagingStudy, where R4 wants a Media
                tally["mended: media that is a study"] += 1
        case "Encounter":
            resource.pop("location", None)


def _is_kept(one: Tree) -> bool:
    said = one.get("system") or one.get("url") or ""
    return "clinosim" not in said and said != japan.INSTITUTION_NUMBER  # that of clinosim's hospital


def _put(
    resource: Tree, member: str, new: list[Tree], old: list[Tree], tally: Counter[str], what: str
) -> None:
    if member == "extension":
        for one in old:
            if one.get("url") == STATUS_EXTENSION and resource["resourceType"] == "MedicationRequest":
                resource["status"] = one["valueCode"]
                resource.pop("note", None)  # its note explains the status that is now said plainly
    if len(new) == len(old):
        return
    tally[what] += 1
    if new:
        resource[member] = new
    else:
        del resource[member]


def _mend_observation(resource: Tree, tally: Counter[str]) -> None:
    if not {"laboratory", "LAB"} & set(codes_of(resource.get("category"))):
        return
    resource["category"] = LAB_CATEGORY
    code = resource["code"]
    codings = code.get("coding", [])
    coded = [
        one for one in codings if "code" in one
    ]  # tumour markers have a LOINC coding that is a name only
    tally["mended: coding without a code"] += len(codings) - len(coded)
    kept = [one for one in coded if one.get("system") != JLAC10_SHORT]
    tally["mended: JLAC10 of five digits"] += len(kept) < len(coded)
    if lab := LABS.get(code.get("text", "")):
        kept.append(coding(systems.CORE_LAB, lab.code, lab.display))
    code["coding"] = kept
    if not kept:
        del code["coding"]
    for bounds in resource.get("referenceRange", ()):
        bounds.pop("extension", None)
    if code.get("text", "").endswith("(CRP)") and resource.get("valueQuantity", {}).get("code") == "mg/L":
        _tenth(resource, tally)


def _tenth(resource: Tree, tally: Counter[str]) -> None:
    """Write CRP in mg/dL, as every laboratory in Japan does; else curves over institutions would jump."""
    tally["mended: CRP in mg/L"] += 1
    ranges = [
        bounds[end]
        for bounds in resource.get("referenceRange", ())
        for end in ("low", "high")
        if end in bounds
    ]
    for quantity in (resource["valueQuantity"], *ranges):
        quantity |= {"value": round(quantity["value"] / 10, 3), "unit": "mg/dL", "code": "mg/dL"}


def _mend_allergy(resource: Tree, tally: Counter[str]) -> None:
    found = ALLERGENS[resource["code"]["text"]]
    resource["code"] = {"coding": [found.coding], "text": resource["code"]["text"]}
    resource["category"] = [found.category]
    tally["mended: placeholder allergen"] += 1


def _mend_medication(resource: Tree, tally: Counter[str]) -> None:
    medication = resource["medicationCodeableConcept"]
    kept = [one for one in medication.get("coding", ()) if one.get("system") != HOT7]
    if len(kept) < len(medication.get("coding", ())):
        tally["mended: YJ digits under HOT7"] += 1
    medication["coding"] = kept or [coding(japan.DRUG_NOCODED, *japan.NOCODED_DRUG)]
    days = resource.get("dispenseRequest", {}).get("expectedSupplyDuration", {}).get("value")
    for dosage in resource.get("dosageInstruction", ()):
        repeat = dosage.setdefault("timing", {}).setdefault("repeat", {})
        if repeat.get("boundsDuration", {}).get("value") == 1 and days:
            repeat["boundsDuration"]["value"] = days
            tally["mended: supply of one day"] += 1
        if "frequency" in repeat:
            repeat |= {"period": 1, "periodUnit": "d"}


def _mend_given_dose(resource: Tree, tally: Counter[str]) -> None:
    """Give the dosage R4's shape: it has no timing, and one dose, without which it may not stand (mad-1)."""
    dosage = resource.get("dosage", {})
    if {"timing", "doseAndRate"} & dosage.keys():
        tally["mended: dosage of a request in an administration"] += 1
    dosage.pop("timing", None)
    for one in dosage.pop("doseAndRate", ()):
        if "doseQuantity" in one:
            dosage["dose"] = one["doseQuantity"]
    if not {"dose", "rateQuantity", "rateRatio"} & dosage.keys():
        resource.pop("dosage", None)


def _strip_empty(node: object) -> int:
    """Remove what is empty, and codings of clinosim's own systems (their text stays); return how many."""
    if isinstance(node, dict):
        if "clinosim" in str(node.get("system", "")):
            node.clear()
            return 1
        removed = sum(_strip_empty(value) for value in node.values())
        empty = [name for name, value in node.items() if value in ("", {}, [])]
        for name in empty:
            del node[name]
        return removed + len(empty)
    if isinstance(node, list):
        removed = sum(_strip_empty(value) for value in node)
        kept = [value for value in node if value not in ("", {}, [])]
        removed += len(node) - len(kept)
        node[:] = kept
        return removed
    return 0
