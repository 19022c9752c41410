"""What insurers and the union hand in: who is insured with them, and on what terms."""

from kakehashi.samples import systems
from kakehashi.samples.charts import Chart
from kakehashi.samples.cut import Share, new_id, person_of
from kakehashi.samples.identity import patient
from kakehashi.samples.region import BY_SLUG
from kakehashi.samples.staffing import organization_id
from kakehashi.samples.trees import Tree, coding, concept, identifier, reference
from kakehashi.terms import japan

YEARS = {"start": "2025-04-01", "end": "2027-03-31"}  # long enough for the sample year
SYMBOL, NUMBER, BRANCH = (
    f"{japan.JP}/core/Extension/StructureDefinition/JP_Coverage_InsuredPerson{part}"
    for part in ("Symbol", "Number", "SubNumber")
)


def insured(chart: Chart) -> Share:
    """Return the insurer's share: the Patient as the insurer's register has them, and the Coverage."""
    person = person_of(chart)
    site = BY_SLUG[person.insurer]
    who = patient(person, site) | {"id": new_id(site, chart.key, "Patient", "")}
    who["identifier"] = [one for one in who["identifier"] if one["system"] == japan.MEMBER_ID]
    share = Share(site, chart.key, person, who, [])
    share.records.append(_coverage(share))
    return share


def _coverage(share: Share) -> Tree:
    person = share.known
    me = reference(f"Patient/{share.patient['id']}")
    parts = ((SYMBOL, person.symbol), (NUMBER, person.number), (BRANCH, person.branch))
    share_paid = (
        10 if person.insurer == "koiki" else 20 if person.birth > "2020-04-01" else 30
    )  # percent, 自己負担割合
    return {
        "resourceType": "Coverage",
        "id": new_id(share.site, share.key, "Coverage", ""),
        "extension": [{"url": url, "valueString": text} for url, text in parts if text],
        "identifier": [identifier(japan.MEMBER_ID, person.member_id)],
        "status": "cancelled" if person.died else "active",
        "type": concept(share.site.name),
        "subscriberId": f"{person.symbol}:{person.number}",
        "beneficiary": me,
        "dependent": person.branch,
        "relationship": concept(
            "", coding(f"{systems.HL7}/subscriber-relationship", "self" if person.branch == "00" else "other")
        ),
        "period": YEARS | ({"end": person.died} if person.died else {}),
        "payor": [reference(f"Organization/{organization_id(share.site)}", share.site.name)],
        "costToBeneficiary": [
            {
                "type": concept(
                    "自己負担割合",
                    coding(f"{systems.HL7}/coverage-copay-type", "copaypct", "Copay percentage"),
                ),
                "valueQuantity": {"value": share_paid, "unit": "%", "system": systems.UCUM, "code": "%"},
            }
        ],
    }
