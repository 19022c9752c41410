"""5情報: collection Bundles of one person and one kind each. Source: CLINS guide 1.11, core6spec; R02xx to R901x.

Conditions and allergies go as a full refresh, one Bundle each; laboratory results go as reports, a Bundle for each
encounter and day; infections are laboratory results of the infection list.
"""

from collections.abc import Iterator

from kakehashi.samples import systems
from kakehashi.samples.clins import parts
from kakehashi.samples.clins.codes import INFECTIONS, LABS
from kakehashi.samples.cut import Share
from kakehashi.samples.identity import local_number
from kakehashi.samples.trees import Tree, chance, codes_of, coding, concept, drawn
from kakehashi.terms import japan

CONDITION_FLAGS = ("LTS", "UNINFORMED", "UNDELIVERED")
MARKS = frozenset({"H", "L", "N"})


def informations(share: Share) -> Iterator[tuple[Tree, list[str]]]:
    """Yield each Bundle of a share's 5情報 with the ids of the records it holds."""
    for kind, short, make in (
        ("Condition", "CND", condition),
        ("AllergyIntolerance", "ALG", allergy),
    ):
        records = share.of(kind)
        if made := [new for one in records if (new := make(share, one))]:
            name = f"{short}-{local_number(share.known, share.site)}"
            yield _bundle(share, kind, name, made), [one["id"] for one in made]
    for name, records in sorted(_reports(share).items()):
        made = [_lab(share, one) for one in records]
        yield _bundle(share, "Observation", name, made), [one["id"] for one in made]
    for stay in share.of("Encounter"):
        if stay["class"]["code"] == "IMP":
            made = [_infection(share, stay, *item) for item in INFECTIONS]
            yield _bundle(share, "Observation", f"INF-{stay['id'][:18]}", made), []


def _bundle(share: Share, kind: str, name: str, resources: list[Tree]) -> Tree:
    moment = max(resource["meta"]["lastUpdated"] for resource in resources)
    tag = coding(japan.BUNDLE_RESOURCE_TYPE, kind)
    entries = [{"fullUrl": parts.urn(share.site.slug, one["id"]), "resource": one} for one in resources]
    return {
        "resourceType": "Bundle",
        "id": name,
        "meta": parts.meta(f"{parts.CLINS}/JP_Bundle_CLINS", moment, [tag]),
        "identifier": parts.bundle_identifier(share.site, name),
        "type": "collection",
        "timestamp": moment,
        "entry": [parts.patient_entry(share, moment), *entries],
    }


def _common(share: Share, record: Tree, profile: str, moment: str, flags: tuple[str, ...] = ()) -> Tree:
    tags = parts.flags_of(record, flags)
    return {
        "resourceType": record["resourceType"],
        "id": record["id"],
        "meta": parts.meta(f"{parts.ECS}/{profile}", moment, tags),
        "extension": [
            parts.institution_number(share.site),
            parts.department(parts.department_of(share, record)),
        ],
        "identifier": [parts.resource_identifier(record)],
    }


def condition(share: Share, record: Tree) -> Tree | None:
    """Return a diagnosis as JP_Condition_eCS; None when it says no beginning (R9013C) or was refuted."""
    onset = record.get("onsetDateTime") or record.get("recordedDate")
    if not onset or "confirmed" not in set(codes_of(record["verificationStatus"])):
        return None
    made = _common(share, record, "JP_Condition_eCS", str(record.get("recordedDate", onset)), CONDITION_FLAGS)
    ended = record.get("abatementDateTime")
    status = ("resolved", "Resolved") if ended else ("active", "Active")
    return made | {
        "contained": [parts.visit(share, record)],
        "clinicalStatus": concept("", coding(japan.CONDITION_CLINICAL, *status)),
        "verificationStatus": concept("", coding(japan.CONDITION_VERIFICATION, "confirmed", "Confirmed")),
        "category": [
            concept("", coding(japan.CONDITION_CATEGORY, "encounter-diagnosis", "Encounter Diagnosis"))
        ],
        "code": _disease(record["code"]),
        "subject": {"reference": parts.patient_url(share)},
        "encounter": {"reference": f"#{parts.VISIT}"},
        "onsetDateTime": onset,
        **({"abatementDateTime": ended} if ended else {}),
    }


def _disease(code: Tree) -> Tree:
    """Return a disease with its 病名管理番号 first; ICD-10 without the dot, as the claim system writes it."""
    known = [one for one in code.get("coding", ()) if one["system"] == japan.DISEASE_KEY]
    classed = [
        one | {"code": one["code"].replace(".", "")}
        for one in code.get("coding", ())
        if one["system"] == systems.ICD10 and one.get("display")
    ]
    return concept(code["text"], *(known or [coding(japan.DISEASE_KEY, *japan.UNCODED_DISEASE)]), *classed)


def allergy(share: Share, record: Tree) -> Tree | None:
    """Return an allergy as JP_AllergyIntolerance_eCS."""
    said = str(record.get("recordedDate") or record.get("onsetDateTime") or "2026-04-01")
    kept = ("category", "criticality", "code", "onsetDateTime", "recordedDate")
    return (
        _common(share, record, "JP_AllergyIntolerance_eCS", said, ("LTS",))
        | {
            "contained": [parts.visit(share, record)],
            "clinicalStatus": concept("", coding(japan.ALLERGY_CLINICAL, "active", "Active")),
            "verificationStatus": concept("", coding(japan.ALLERGY_VERIFICATION, "confirmed", "Confirmed")),
            "patient": {"reference": parts.patient_url(share)},
            "encounter": {"reference": f"#{parts.VISIT}"},
        }
        | {member: record[member] for member in kept if member in record}
    )


def _reports(share: Share) -> dict[str, list[Tree]]:
    """Return the laboratory results that go by CLINS, by the in-house id of their report."""
    found: dict[str, list[Tree]] = {}
    for record in share.of("Observation"):
        if "laboratory" in set(codes_of(record.get("category"))) and "valueQuantity" in record:
            day = record["effectiveDateTime"][:10].replace("-", "")
            seen = record.get("encounter", {}).get("reference", record["id"])
            found.setdefault(f"LAB-{day}-{seen.removeprefix('Encounter/')[:18]}", []).append(record)
    return found


def _lab(share: Share, record: Tree) -> Tree:
    """Return a laboratory result as JP_Observation_LabResult_eCS: the local code always, then core or "uncoded"."""
    name = record["code"].get("text", "")
    found = LABS.get(name)
    shown = found.name if found else name
    standard = (
        coding(systems.CORE_LAB, found.code, found.display)
        if found
        else coding(japan.LAB_UNCODED, *japan.UNCODED_LAB)
    )
    moment = str(record.get("issued") or record["effectiveDateTime"])
    kept = ("valueQuantity", "referenceRange")
    return (
        _common(share, record, "JP_Observation_LabResult_eCS", moment)
        | _lab_frame(share, record, found.material if found else ("023", "血清"))
        | {"code": concept(shown, _local(share, shown), standard)}
        | {member: record[member] for member in kept if member in record}
        | _interpreted(record)
    )


def _local(share: Share, name: str) -> Tree:
    return coding(japan.LAB_LOCAL, f"{drawn(90_000, share.site.slug, name) + 10_000}", name)


def _interpreted(record: Tree) -> Tree:
    if marks := MARKS & set(codes_of(record.get("interpretation"))):
        code = min(marks)
        display = {"H": "High", "L": "Low", "N": "Normal"}[code]
        return {
            "interpretation": [
                concept("", coding(f"{systems.HL7}/v3-ObservationInterpretation", code, display))
            ]
        }
    return {}


def _lab_frame(share: Share, record: Tree, material: tuple[str, str]) -> Tree:
    specimen = {
        "resourceType": "Specimen",
        "id": parts.SPECIMEN,
        "meta": {"profile": [f"{parts.CORE}/JP_Specimen"]},
        "type": concept(material[1], coding(systems.MATERIAL, *material)),
    }
    moment = record["effectiveDateTime"]
    return {
        "contained": [parts.visit(share, record), parts.doctor(share, record), specimen],
        "status": "final",
        "category": [concept("", coding(japan.OBSERVATION_CATEGORY, "laboratory", "Laboratory"))],
        "subject": {"reference": parts.patient_url(share)},
        "encounter": {"reference": f"#{parts.VISIT}"},
        "effectiveDateTime": moment,
        "issued": parts.stamp(str(record.get("issued", moment))),
        "performer": [{"reference": f"#{parts.DOCTOR}"}],
        "specimen": {"reference": f"#{parts.SPECIMEN}"},
    }


def _infection(share: Share, stay: Tree, name: str, code: str, display: str) -> Tree:
    """Return one item of the screening at admission; two in a hundred are positive and kept for long (LTS)."""
    positive = chance(2, share.key, stay["id"], name)
    tag = {"tag": [coding(japan.INDICATION, "LTS")]} if positive else {}
    moment = stay["period"]["start"]
    record = {
        "resourceType": "Observation",
        "id": parts.urn(share.site.slug, stay["id"], name).removeprefix("urn:uuid:"),
        "meta": tag,
        "encounter": {"reference": f"Encounter/{stay['id']}"},
        "effectiveDateTime": moment,
    }
    return (
        _common(share, record, "JP_Observation_LabResult_eCS", moment, ("LTS",))
        | _lab_frame(share, record, ("023", "血清"))
        | {"code": concept(name, _local(share, name), coding(systems.INFECTION_LAB, code, display))}
        | {"valueCodeableConcept": concept("陽性(＋)" if positive else "陰性(－)")}
    )
