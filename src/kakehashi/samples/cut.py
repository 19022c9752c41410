"""Cut a chart into shares: what each institution knows of the person, under its own ids and its own patient number.

Every share is whole in itself: each reference leads to a resource of the same share or to the institution's own
Organization or Practitioners. Nothing but the insurance number ties one institution's share to another's.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from kakehashi.core.actors import Role
from kakehashi.core.ids import derived_id
from kakehashi.samples import systems
from kakehashi.samples.charts import Chart
from kakehashi.samples.identity import Identity, as_known_at, identity_of, patient
from kakehashi.samples.places import clinic_of, place_of
from kakehashi.samples.region import Site
from kakehashi.samples.rewrite import rewrite
from kakehashi.samples.staffing import one_of, organization_id, practitioner_id
from kakehashi.samples.story import story_of
from kakehashi.samples.trees import Tree, identifier, name_of, reference, references
from kakehashi.terms import japan

ENCOUNTER_MEMBERS = ("encounter", "context")
COPIED = frozenset(
    {"Condition"}
)  # a diagnosis that another institution's encounter speaks of is known there too
ROLES = {"DR": Role.DOCTOR, "NS": Role.NURSE, "PH": Role.PHARMACIST}  # clinosim's staff ids begin so


@dataclass(frozen=True, slots=True)
class Share:
    """One institution's records of one person; `records` are without the Patient."""

    site: Site
    key: str  # of the chart
    known: Identity
    patient: Tree
    records: list[Tree]

    def of(self, *types: str) -> list[Tree]:
        """Return the records of these types, in order."""
        return [record for record in self.records if record["resourceType"] in types]


def person_of(chart: Chart) -> Identity:
    """Return who a chart is about."""
    return story_of(chart.story).identity if chart.story else identity_of(chart.key, chart.patient)


def empty_share(chart: Chart, person: Identity, site: Site) -> Share:
    """Return an institution's share with the Patient alone, named as this institution knows the person."""
    known = story_of(chart.story).known_at(site) if chart.story else as_known_at(person, site)
    who = {"id": new_id(site, chart.key, "Patient", "")}
    return Share(site, chart.key, known, patient(known, site) | who, [])


def new_id(site: Site, key: str, kind: str, old: str) -> str:
    """Return the id that a record of a chart has at an institution."""
    return derived_id("sample", site.slug, key, kind, old)


def cut(chart: Chart) -> list[Share]:
    """Return the shares of the institutions that treated the person, in a fixed order."""
    person = person_of(chart)
    dealt = _deal(chart, person)
    shares = []
    for slug in sorted(dealt):
        site, resources = dealt[slug]
        share = empty_share(chart, person, site)
        share.records.extend(_rewritten(share, resources))
        shares.append(share)
    return shares


def _deal(chart: Chart, person: Identity) -> dict[str, tuple[Site, list[Tree]]]:
    """Deal out by encounter; what has none goes to the family doctor, or else to the first institution."""
    by_name = {name_of(resource): resource for resource in chart.resources}
    places = {name: place_of(one, person) for name, one in by_name.items() if name.startswith("Encounter/")}
    home = clinic_of(person)
    if home not in places.values():
        home = next(iter(places.values()), home)
    dealt: dict[str, tuple[Site, list[Tree]]] = {}
    for resource in chart.resources:
        if resource["resourceType"] == "Patient":
            continue
        site = places.get(name_of(resource)) or places.get(_encounter_of(resource), home)
        dealt.setdefault(site.slug, (site, []))[1].append(resource)
    for _, resources in dealt.values():
        _copy_in(resources, by_name)
    return dealt


def _encounter_of(resource: Tree) -> str:
    for member in ENCOUNTER_MEMBERS:
        if member in resource:
            return str(resource[member].get("reference", ""))
    return ""


def _copy_in(resources: list[Tree], by_name: dict[str, Tree]) -> None:
    held = {name_of(resource) for resource in resources}
    for resource in [*resources]:
        for target in references(resource):
            if target in by_name and target not in held and target.partition("/")[0] in COPIED:
                held.add(target)
                resources.append(by_name[target])


def _rewritten(share: Share, resources: Iterable[Tree]) -> list[Tree]:
    resources = list(resources)
    held = {name_of(resource) for resource in resources}

    def resolve(target: str) -> Tree | None:
        kind, _, old = target.partition("/")
        if kind == "Patient":
            return reference(f"Patient/{share.patient['id']}")
        if kind == "Organization":
            return reference(f"Organization/{organization_id(share.site)}", share.site.name)
        if kind == "Practitioner":
            staff = one_of(share.site, ROLES.get(old[:2], Role.DOCTOR), old)
            return reference(f"Practitioner/{practitioner_id(share.site, staff)}", staff.name)
        return reference(f"{kind}/{new_id(share.site, share.key, kind, old)}") if target in held else None

    return [_rekeyed(share, rewrite(resource, resolve)) for resource in resources]


def _rekeyed(share: Share, resource: Tree) -> Tree:
    kind, old = resource["resourceType"], resource["id"]
    resource["id"] = new_id(share.site, share.key, kind, old)
    for one in resource.get("identifier", ()):
        if one.get("system") == japan.RESOURCE_ID:
            one["value"] = resource["id"]
    if kind == "Encounter":
        resource["serviceProvider"] = reference(
            f"Organization/{organization_id(share.site)}", share.site.name
        )
    if kind == "MedicationRequest":
        numbers = [one for one in resource.get("identifier", ()) if one["system"] != systems.PRESCRIPTION_ID]
        resource["identifier"] = [
            *numbers,
            identifier(systems.PRESCRIPTION_ID, prescription_number(share, resource)),
        ]
    return resource


def prescription_number(share: Share, request: Tree) -> str:
    """Return the number of the prescription that a (re-keyed) MedicationRequest stands on: one for each encounter."""
    encounter = request.get("encounter", {}).get("reference", request["id"])
    return f"{share.site.code}-{derived_id('prescription', encounter)[:18]}"
