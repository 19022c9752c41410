"""What pharmacies know: they dispense what clinics and hospitals prescribe to people who go home with it."""

from datetime import datetime, timedelta

from kakehashi.core.actors import Role
from kakehashi.samples import systems
from kakehashi.samples.charts import Chart
from kakehashi.samples.cut import Share, empty_share, new_id, person_of
from kakehashi.samples.places import pharmacy_of
from kakehashi.samples.staffing import one_of, practitioner_id
from kakehashi.samples.trees import Tree, codes_of, drawn, identifier, reference

USUAL_DAYS = 28
GOING_HOME = frozenset({"discharge", "outpatient", "community"})


def dispensed(chart: Chart, shares: list[Share]) -> list[Share]:
    """Return the pharmacies' shares: one MedicationDispense for each medicine taken home, in a fixed order."""
    person = person_of(chart)
    made: dict[str, Share] = {}
    for share in shares:
        stays = {one["id"] for one in share.of("Encounter") if one["class"]["code"] not in ("AMB", "EMER")}
        for request in share.of("MedicationRequest"):
            if _taken_home(request, stays):
                site = pharmacy_of(person, share.site)
                found = made.setdefault(site.slug, empty_share(chart, person, site))
                found.records.append(_dispense(found, request))
    return [made[slug] for slug in sorted(made)]


def _taken_home(request: Tree, stays: set[str]) -> bool:
    kinds = set(codes_of(request.get("category")))
    if request.get("encounter", {}).get("reference", "").removeprefix("Encounter/") in stays:
        return "discharge" in kinds
    return bool(kinds & GOING_HOME)


def days_of(request: Tree) -> int:
    """Return for how many days a MedicationRequest supplies; four weeks where it does not say."""
    duration = request.get("dispenseRequest", {}).get("expectedSupplyDuration", {})
    return int(duration.get("value", USUAL_DAYS))


def _dispense(share: Share, request: Tree) -> Tree:
    written = datetime.fromisoformat(request["authoredOn"])
    handed = written + timedelta(minutes=40 + drawn(180, share.key, request["id"]))
    staff = one_of(share.site, Role.PHARMACIST, request["id"])
    number = next(one["value"] for one in request["identifier"] if one["system"] == systems.PRESCRIPTION_ID)
    days = days_of(request)
    dose = {
        k: request["dosageInstruction"][0][k]
        for k in ("text", "timing", "route")
        if k in request["dosageInstruction"][0]
    }
    made = new_id(share.site, share.key, "MedicationDispense", request["id"])
    return {
        "resourceType": "MedicationDispense",
        "id": made,
        "identifier": [identifier(systems.DISPENSING_ID, f"{share.site.code}-{made[:18]}")],
        "status": "completed",
        "medicationCodeableConcept": request["medicationCodeableConcept"],
        "subject": reference(f"Patient/{share.patient['id']}"),
        "performer": [{"actor": reference(f"Practitioner/{practitioner_id(share.site, staff)}", staff.name)}],
        "authorizingPrescription": [
            {"type": "MedicationRequest", "identifier": identifier(systems.PRESCRIPTION_ID, number)}
        ],
        "daysSupply": {"value": days, "unit": "日", "system": systems.UCUM, "code": "d"},
        "whenHandedOver": handed.isoformat(timespec="seconds"),
        "dosageInstruction": [dose | ({} if "text" in dose else {"text": "医師の指示どおり"})],
    }
