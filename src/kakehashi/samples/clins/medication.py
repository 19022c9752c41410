"""A prescription as JP_MedicationRequest_eCS; it travels inside documents only.

Source: CLINS guide 1.11, element table MedicationRequest; R3010, R5020, R5021.
"""

from kakehashi.samples import systems
from kakehashi.samples.clins import parts
from kakehashi.samples.cut import Share, prescription_number
from kakehashi.samples.dispense import days_of
from kakehashi.samples.trees import Tree, coding, concept, identifier
from kakehashi.terms import japan

CATEGORY = f"{japan.JP}/core/CodeSystem/JP_MedicationCategoryMERIT9_CS"


def medication(share: Share, record: Tree, rp: int) -> Tree:
    """Return a MedicationRequest of a share for a document; `rp` is its number on the prescription."""
    moment = record["authoredOn"]
    return {
        "resourceType": "MedicationRequest",
        "id": record["id"],
        "meta": parts.meta(f"{parts.ECS}/JP_MedicationRequest_eCS", moment),
        "contained": [parts.visit(share, record), parts.doctor(share, record)],
        "extension": [
            parts.institution_number(share.site),
            parts.department(parts.department_of(share, record)),
        ],
        "identifier": [
            identifier(systems.RP_NUMBER, str(rp)),
            identifier(systems.RP_INDEX, "1"),
            identifier(systems.PRESCRIPTION_ID, prescription_number(share, record)),
            parts.resource_identifier(record),
        ],
        "status": "completed",
        "intent": "order",
        "category": [concept("外来処方", coding(CATEGORY, "OHP", "外来処方"))],
        "medicationCodeableConcept": record["medicationCodeableConcept"],
        "subject": {"reference": parts.patient_url(share)},
        "encounter": {"reference": f"#{parts.VISIT}"},
        "authoredOn": moment,
        "requester": {"reference": f"#{parts.DOCTOR}"},
        "dosageInstruction": [_dosage(record, moment[:10])],
        "dispenseRequest": {"expectedSupplyDuration": _days(record)},
    }


def _days(record: Tree) -> Tree:
    return {"value": days_of(record), "unit": "日", "system": systems.UCUM, "code": "d"}


def _dosage(record: Tree, day: str) -> Tree:
    given = record["dosageInstruction"][0]
    usage = _usage(given.get("timing", {}).get("code", {}))
    words = usage.get("text") or given.get("text") or "医師の指示どおり"
    return {
        "extension": [{"url": japan.PERIOD_OF_USE, "valuePeriod": {"start": day}}],
        "text": _said(words, given.get("text", ""), f"{days_of(record)}日分"),
        "timing": {"code": usage | {"text": words}, "repeat": {"boundsDuration": _days(record)}},
    }


def _said(words: str, text: str, days: str) -> str:
    """The dosage as one text: what the prescription says already is not said again."""
    said = [text] if words in text else [words] if text in words else [words, text]
    return " ".join(said if days in said[-1] else [*said, days])


def _usage(code: Tree) -> Tree:
    """Return the usage code of electronic prescriptions, or else the dummy: exactly one of the two (R5020, R5021)."""
    for one in code.get("coding", ()):
        if one["system"] == japan.USAGE and one.get("display"):
            return concept(code.get("text", one["display"]), coding(japan.USAGE, one["code"], one["display"]))
    said = next((one.get("display", "") for one in code.get("coding", ())), "")
    return concept(code.get("text", said), coding(japan.USAGE_DUMMY, *japan.DUMMY_USAGE))
