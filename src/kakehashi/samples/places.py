"""Where a person goes: which institution an encounter of a chart is dealt to. Pure, the same on every machine."""

from kakehashi.samples.identity import Identity
from kakehashi.samples.region import BY_SLUG, HOSPITALS, PHARMACIES, Site
from kakehashi.samples.trees import Tree, chance, pick

STORY_SITE = "Organization/site-"  # how story.py says where an encounter was
OF_HOSPITALS = ("循環器内科", "消化器内科", "腫瘍内科")
CHILD_BORN = "2011"  # under 15 in the sample year
BESIDE = {  # the pharmacy next door (門前薬局)
    "chuo": "hotaru", "daigaku": "hotaru", "minato": "tsubasa", "sakura": "suzuran", "hikari": "wakaba",
    "aoba": "wakaba", "mori": "suzuran", "umibe": "tsubasa",
}  # fmt: skip


def hospital_of(person: Identity) -> Site:
    """Return the hospital that the person goes to first."""
    return pick(HOSPITALS, person.key, "hospital")


def clinic_of(person: Identity) -> Site:
    """Return the person's family doctor (かかりつけ医)."""
    if person.birth >= CHILD_BORN:
        return BY_SLUG["hikari"]
    return BY_SLUG[pick(("sakura", "sakura", "umibe", "umibe", "mori"), person.key, "clinic")]


def place_of(encounter: Tree, person: Identity) -> Site:
    """Return the institution that an encounter is dealt to.

    Stays and emergencies go to hospitals, specialist departments and a fifth of the rest too, bones to あおば整形外科,
    everything else to the family doctor.
    """
    said = encounter.get("serviceProvider", {}).get("reference", "")
    if said.startswith(STORY_SITE):
        return BY_SLUG[said.removeprefix(STORY_SITE)]
    parts = (person.key, encounter["id"])
    kind, department = encounter["class"]["code"], encounter.get("serviceType", {}).get("text", "")
    if kind == "EMER" and chance(30, *parts, "other hospital"):
        return pick(HOSPITALS, *parts)
    if kind in ("IMP", "EMER", "ACUTE") or department in OF_HOSPITALS:
        return hospital_of(person)
    if department == "整形外科":
        return BY_SLUG["aoba"]
    return hospital_of(person) if chance(20, *parts, "hospital") else clinic_of(person)


def pharmacy_of(person: Identity, prescriber: Site) -> Site:
    """Return the pharmacy: the person's own for two in five, else the one beside the prescriber."""
    if chance(40, person.key, "own pharmacy"):
        return pick(PHARMACIES, person.key, "pharmacy")
    return BY_SLUG[BESIDE[prescriber.slug]]
