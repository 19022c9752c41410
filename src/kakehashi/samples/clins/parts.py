"""Pieces that every CLINS resource is made of. Source: CLINS guide 1.11, element tables; facts jpfhir.md A3–A7."""

from collections.abc import Iterable

from kakehashi.core.actors import Role
from kakehashi.core.ids import derived_id
from kakehashi.samples import systems
from kakehashi.samples.cut import Share
from kakehashi.samples.identity import patient
from kakehashi.samples.region import DEPARTMENT_CODES, Site
from kakehashi.samples.staffing import one_of
from kakehashi.samples.trees import Tree, coding, concept, identifier
from kakehashi.terms import japan

ECS = f"{japan.JP}/eCS/StructureDefinition"
CLINS = f"{japan.JP}/clins/StructureDefinition"
CORE = f"{japan.JP}/core/StructureDefinition"
CLASSES = {"IMP": "入院", "AMB": "外来"}
VISIT, DOCTOR, SPECIMEN = "encounter", "practitioner", "specimen"  # ids of what is contained


def stamp(moment: str) -> str:
    """Return a moment with milliseconds and zone (instant), for a FHIR date or dateTime of Japan."""
    day, _, clock = moment.partition("T")
    full = "-".join([*day.split("-"), "01", "01"][:3])
    return f"{full}T{clock[:8] if len(clock) >= 8 else '09:00:00'}.000+09:00"


def urn(*parts: str) -> str:
    """Return the `urn:uuid:` that these parts always lead to."""
    return f"urn:uuid:{derived_id('clins', *parts)}"


def meta(profile: str, moment: str, tags: Iterable[Tree] = ()) -> Tree:
    """Return a meta with lastUpdated, the profile and any tags."""
    made: Tree = {"lastUpdated": stamp(moment), "profile": [profile]}
    return made | ({"tag": list(tags)} if tags else {})


def flags_of(record: Tree, allowed: Iterable[str]) -> list[Tree]:
    """Return the flags (LTS, UNINFORMED, UNDELIVERED) of a record that its type may carry."""
    tags = record.get("meta", {}).get("tag", ())
    return [tag for tag in tags if tag["system"] == japan.INDICATION and tag["code"] in set(allowed)]


def institution_number(site: Site) -> Tree:
    """Return the extension 医療機関番号."""
    return {"url": japan.INSTITUTION_NUMBER, "valueIdentifier": identifier(japan.INSTITUTION_ID, site.code)}


def department(name: str) -> Tree:
    """Return the extension 診療科; with its code only where the guide's examples show one."""
    known = DEPARTMENT_CODES.get(name)
    codings = [coding(japan.CLINICAL_DEPARTMENT, *known)] if known else []
    return {"url": japan.DEPARTMENT, "valueCodeableConcept": concept(name, *codings)}


def department_of(share: Share, record: Tree) -> str:
    """Return the department a record comes from: its encounter's, else the institution's first."""
    for encounter in share.of("Encounter"):
        if f"Encounter/{encounter['id']}" == _visit_of(record) and "serviceType" in encounter:
            return str(encounter["serviceType"]["text"])
    return share.site.departments[0]


def _visit_of(record: Tree) -> str:
    return str(record.get("encounter", {}).get("reference", ""))


def visit(share: Share, record: Tree) -> Tree:
    """Return the contained Encounter that says whether this was in hospital or not."""
    kinds = {f"Encounter/{one['id']}": one["class"]["code"] for one in share.of("Encounter")}
    kind = "IMP" if kinds.get(_visit_of(record)) == "IMP" else "AMB"
    return {
        "resourceType": "Encounter",
        "id": VISIT,
        "meta": {"profile": [f"{CORE}/JP_Encounter"]},
        "identifier": [identifier(japan.RESOURCE_ID, (_visit_of(record) or record["id"])[-36:])],
        "status": "finished",
        "class": coding(systems.ACT, kind, CLASSES[kind]),
    }


def doctor(share: Share, record: Tree) -> Tree:
    """Return the contained Practitioner who answers for a record."""
    staff = one_of(share.site, Role.DOCTOR, _visit_of(record))
    return {
        "resourceType": "Practitioner",
        "id": DOCTOR,
        "meta": {"profile": [f"{CORE}/JP_Practitioner"]},
        "identifier": [identifier(systems.LOCAL_PRACTITIONER + share.site.code, staff.login)],
        "name": [{"extension": [{"url": japan.NAME_REPRESENTATION, "valueCode": "IDE"}], "text": staff.name}],
    }


def patient_url(share: Share) -> str:
    """Return the fullUrl of the share's Patient in every Bundle."""
    return urn(share.site.slug, share.key, "Patient")


def patient_entry(share: Share, moment: str, profile: str = f"{ECS}/JP_Patient_eCS") -> Tree:
    """Return the entry of the Patient, shaped as JP_Patient_eCS."""
    made = patient(share.known, share.site, ecs=True)
    return {
        "fullUrl": patient_url(share),
        "resource": made | {"id": share.patient["id"], "meta": meta(profile, moment)},
    }


def bundle_identifier(site: Site, name: str, year: str = "2026") -> Tree:
    """Return 医療機関10桁^西暦4桁^施設内ID; `name` has at most 36 letters, digits and hyphens. Source: R2152."""
    return identifier(japan.BUNDLE_ID, f"{site.code}^{year}^{name}")


def resource_identifier(record: Tree) -> Tree:
    """Return リソース一意識別ID."""
    return identifier(japan.RESOURCE_ID, str(record["id"]))
