"""The Organization and the Practitioners of an institution, as resources with ids of their own."""

from kakehashi.core.actors import InstitutionType, Role
from kakehashi.core.ids import derived_id
from kakehashi.samples import systems
from kakehashi.samples.region import Site, Staff
from kakehashi.samples.trees import Tree, coding, concept, identifier, pick
from kakehashi.terms import japan

TREATING = (Role.DOCTOR, Role.NURSE, Role.PHARMACIST)


def organization_id(site: Site) -> str:
    """Return the id of an institution's Organization."""
    return derived_id("sample", site.slug, "Organization")


def organization(site: Site) -> Tree:
    """Return an institution's Organization."""
    system = systems.INSURER_NO if site.type is InstitutionType.INSURER else japan.INSTITUTION_ID
    kind = "pay" if site.type is InstitutionType.INSURER else "prov"
    return {
        "resourceType": "Organization",
        "id": organization_id(site),
        "identifier": [identifier(system, site.code)],
        "active": True,
        "type": [concept("", coding(f"{systems.HL7}/organization-type", kind))],
        "name": site.name,
        "telecom": [{"system": "phone", "value": site.phone}],
        "address": [{"text": site.address, "country": "JP"}],
    }


def practitioner_id(site: Site, staff: Staff) -> str:
    """Return the id of a practitioner at an institution."""
    return derived_id("sample", site.slug, "Practitioner", staff.login)


def practitioner(site: Site, staff: Staff) -> Tree:
    """Return a practitioner, known by the institution's own staff id and any registration number."""
    identifiers = [identifier(systems.LOCAL_PRACTITIONER + site.code, staff.login)]
    if staff.licence and staff.role is Role.DOCTOR:
        identifiers.append(identifier(systems.MEDICAL_REGISTRATION, staff.licence))
    return {
        "resourceType": "Practitioner",
        "id": practitioner_id(site, staff),
        "identifier": identifiers,
        "active": True,
        "name": [_name("IDE", staff.name), _name("SYL", staff.kana)],
    }


def _name(form: str, text: str) -> Tree:
    family, _, given = text.partition(" ")
    extension = [{"url": japan.NAME_REPRESENTATION, "valueCode": form}]
    return {"extension": extension, "text": text, "family": family, "given": [given]}


def one_of(site: Site, role: Role, *parts: str) -> Staff:
    """Return the one of the institution's staff of a role who did what these parts name; a doctor where none has it."""
    return pick(site.working_as(role) or site.working_as(Role.DOCTOR) or site.staff, site.slug, *parts)


def shared(site: Site) -> list[Tree]:
    """Return what an institution says of itself: its Organization and those who treat.

    Nothing for the municipality and the operator, who send no records.
    """
    if site.type in (InstitutionType.MUNICIPALITY, InstitutionType.OPERATOR):
        return []
    return [organization(site), *(practitioner(site, one) for one in site.staff if one.role in TREATING)]
