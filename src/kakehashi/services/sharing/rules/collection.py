"""Rules for the 5情報 Bundle (JP_Bundle_CLINS): one person, one kind, whole, with its institution on every entry."""

import re

from kakehashi.services.sharing.rules import sources
from kakehashi.services.sharing.rules.checks import Found, claims_profile, fixed, when
from kakehashi.services.sharing.rules.model import Case, Finding, rule
from kakehashi.services.sharing.rules.reading import (
    claims,
    contained,
    extensions,
    institution,
    many,
    one,
    references,
    subject_reference,
    text,
)
from kakehashi.terms import japan

BUNDLE_PROFILE = f"{japan.JP}/clins/StructureDefinition/JP_Bundle_CLINS"
PATIENT_PROFILE = f"{japan.JP}/eCS/StructureDefinition/JP_Patient_eCS"
KINDS = ("AllergyIntolerance", "Condition", "Observation")  # what a 5情報 Bundle may be of
HANDLED = {*KINDS, "MedicationRequest", "Patient"}
PROFILE_OF = {
    "AllergyIntolerance": f"{japan.JP}/eCS/StructureDefinition/JP_AllergyIntolerance_eCS",
    "Condition": f"{japan.JP}/eCS/StructureDefinition/JP_Condition_eCS",
    "MedicationRequest": f"{japan.JP}/eCS/StructureDefinition/JP_MedicationRequest_eCS",
    "Observation": f"{japan.JP}/eCS/StructureDefinition/JP_Observation_LabResult_eCS",
}
_INSTITUTION = re.compile(japan.INSTITUTION_FORM, re.ASCII)


def _tags(case: Case) -> list[str]:
    tags = many(one(case.tree, "meta"), "tag")
    return [text(tag, "code") for tag in tags if tag.get("system") == japan.BUNDLE_RESOURCE_TYPE]


def _tag_there(case: Case) -> Found:
    if not _tags(case):
        yield Finding(".meta.tag")


def _tag_valid(case: Case) -> Found:
    said = _tags(case)
    if said and (len(said) != 1 or said[0] not in KINDS):
        yield Finding(".meta.tag", " ".join(said))


def _tag_fulfilled(case: Case) -> Found:
    said = _tags(case)
    if said and not case.whole.deletes and not case.whole.of_type(said[0]):
        yield Finding(".entry", said[0])


def _one_kind(case: Case) -> Found:
    present = [member for member in case.whole.members if member.type in HANDLED and member.type != "Patient"]
    wanted = next((code for code in _tags(case) if code in KINDS), present[0].type if present else "")
    for member in present:
        if member.type != wanted:
            yield Finding(f".entry[{member.index}].resource", member.type)


def _unhandled(case: Case) -> Found:
    for member in case.whole.members:
        if member.type not in HANDLED:
            yield Finding(f".entry[{member.index}].resource", member.type)


def _first_is_patient(case: Case) -> Found:
    members = case.whole.members
    if not members or members[0].type != "Patient":
        yield Finding(".entry[0].resource", members[0].type if members else "")


def _first_profile(case: Case) -> Found:
    members = case.whole.members
    if members and members[0].type == "Patient" and not claims(members[0].tree, PATIENT_PROFILE):
        yield Finding(".entry[0].resource.meta.profile")


def _bare_entries(case: Case) -> Found:
    for i, entry in enumerate(many(case.tree, "entry")):
        for name in ("link", "search", "request", "response"):
            if name in entry:
                yield Finding(f".entry[{i}].{name}")


def _institution_there(case: Case) -> Found:
    if not extensions(case.tree, japan.INSTITUTION_NUMBER):
        yield Finding(".extension")


def _institution_form(case: Case) -> Found:
    for i, given in enumerate(many(case.tree, "extension")):
        if given.get("url") == japan.INSTITUTION_NUMBER:
            number = text(one(given, "valueIdentifier"), "value")
            if not _INSTITUTION.fullmatch(number):
                yield Finding(f".extension[{i}].valueIdentifier.value", number)


def _institution_system(case: Case) -> Found:
    for i, given in enumerate(many(case.tree, "extension")):
        system = text(one(given, "valueIdentifier"), "system")
        if given.get("url") == japan.INSTITUTION_NUMBER and system != japan.INSTITUTION_ID:
            yield Finding(f".extension[{i}].valueIdentifier.system", system)


def _institution_same(case: Case) -> Found:
    number = institution(case.tree)
    if case.whole.sender and number and number != case.whole.sender:
        yield Finding(".extension", number)


def _department(case: Case) -> Found:
    if not extensions(case.tree, japan.DEPARTMENT):
        yield Finding(".extension")


def _department_text(case: Case) -> Found:
    for i, given in enumerate(many(case.tree, "extension")):
        if given.get("url") == japan.DEPARTMENT and not text(one(given, "valueCodeableConcept"), "text"):
            yield Finding(f".extension[{i}].valueCodeableConcept.text")


def _contained_encounter(case: Case) -> Found:
    if not any(inner.get("resourceType") == "Encounter" for inner in many(case.tree, "contained")):
        yield Finding(".contained")


def _encounter_reference(case: Case) -> Found:
    reference = text(one(case.tree, "encounter"), "reference")
    if contained(case.tree, reference).get("resourceType") != "Encounter":
        yield Finding(".encounter.reference", reference)


def _encounter_content(case: Case) -> Found:
    for i, inner in enumerate(many(case.tree, "contained")):
        if inner.get("resourceType") != "Encounter":
            continue
        if inner.get("status") != "finished":
            yield Finding(f".contained[{i}].status", text(inner, "status"))
        kind = one(inner, "class")
        if kind.get("system") != japan.ENCOUNTER_CLASS or kind.get("code") not in ("AMB", "IMP"):
            yield Finding(f".contained[{i}].class", f"{text(kind, 'system')}|{text(kind, 'code')}")


def _patient(case: Case) -> Found:
    """The subject is the Bundle's Patient: by its fullUrl, or logically by the member id."""
    name, said = subject_reference(case.tree)
    literal, logical = text(said, "reference"), one(said, "identifier")
    if literal:
        people = case.whole.of_type("Patient")
        if not people or literal != people[0].full_url:
            yield Finding(f".{name}.reference", literal)
    elif (text(logical, "system"), text(logical, "value")) not in case.whole.member_ids:
        yield Finding(f".{name}", text(logical, "value"))


def _crossing(case: Case) -> Found:
    """Only the Patient may be pointed at across entries; everything else is contained."""
    people = {member.full_url for member in case.whole.of_type("Patient")[:1]}
    free = ("hasMember", "derivedFrom")  # between results, where the version allows them
    for place, value in references({name: value for name, value in case.tree.items() if name not in free}):
        inside = value.startswith("#") or value in people
        if not inside and not place.startswith((".subject.", ".patient.")):
            yield Finding(place, value)


RULES = (
    rule(
        "R0213", "Bundle/collection",
        f"meta.profile に {BUNDLE_PROFILE} を書いてください。",
        f"meta.profile must name {BUNDLE_PROFILE}.",
        sources.invariant("bundle-profile-is-JP-Bundle-CLINS", "JP_Bundle_CLINS"),
        claims_profile(BUNDLE_PROFILE),
    ),
    rule(
        "C1.collection.type", "Bundle/collection",
        "Bundle.type は collection としてください。",
        "Bundle.type must be collection.",
        sources.table("BundleTable"), fixed("type", "collection"),
    ),
    rule(
        "R02141", "Bundle/collection",
        f"meta.tag に、system {japan.BUNDLE_RESOURCE_TYPE} で収納するリソース種別を書いてください。",
        f"meta.tag must say which resource type the Bundle holds (system {japan.BUNDLE_RESOURCE_TYPE}).",
        sources.invariant("bundle-meta-tag-resourceType-exists", "JP_Bundle_CLINS"), _tag_there,
    ),
    rule(
        "R02142", "Bundle/collection",
        "meta.tag の種別は AllergyIntolerance、Condition、Observation のいずれか1つにしてください。"
        "処方は文書の中で送ります。",
        "The type in meta.tag must be one of AllergyIntolerance, Condition and Observation; "
        "prescriptions travel in documents.",
        sources.invariant("bundle-meta-tag-resourceType-valid", "JP_Bundle_CLINS"), _tag_valid,
    ),
    rule(
        "R02143", "Bundle/collection",
        "meta.tag の種別のリソースが1つもありません。入れるか、取り消しなら Patient だけにしてください。",
        "No resource of the type in meta.tag is there; add it, or send the Patient alone to withdraw.",
        sources.invariant("mustHaveOneMoreResources-with-designatedResourceType", "JP_Bundle_CLINS"),
        _tag_fulfilled,
    ),
    rule(
        "C1.collection.one-kind", "Bundle/collection",
        "1つの Bundle に2種類以上の情報があります。傷病名、アレルギー、検査は種類ごとに別の Bundle "
        "で送ってください。",
        "The Bundle holds more than one kind of information; send each kind in a Bundle of its own.",
        sources.table("BundleTable"), _one_kind,
    ),
    rule(
        "C1.collection.unhandled", "Bundle/collection",
        "この種別のリソースは5情報では扱われず、登録されません。",
        "A resource of this type is not handled among the 5 informations and is dropped.",
        sources.GUIDE, _unhandled, severity="information",
    ),
    rule(
        "R0211", "Bundle/collection",
        "最初の entry は Patient としてください。",
        "The first entry must be the Patient.",
        sources.invariant("first-bundle-entry-is-Patient", "JP_Bundle_CLINS"), _first_is_patient,
    ),
    rule(
        "R0212", "Bundle/collection",
        f"最初の entry の Patient の meta.profile に {PATIENT_PROFILE} を書いてください。",
        f"The Patient's meta.profile must name {PATIENT_PROFILE}.",
        sources.invariant("patients-profile-is-JP-Patient-eCS", "JP_Bundle_CLINS"), _first_profile,
    ),
    rule(
        "C1.collection.bare-entry", "Bundle/collection",
        "entry に link、search、request、response は書けません。取り除いてください。",
        "An entry may not have link, search, request or response; remove them.",
        "JP_Bundle_CLINS 1.5.2", _bare_entries,
    ),
    *(
        rule(
            f"validEntryProfile-{'ObservationLabResult' if name == 'Observation' else name}",
            f"{name}/collection" if name != "MedicationRequest" else "MedicationRequest/document",
            f"{name} の meta.profile に {url} を書いてください。",
            f"The {name}'s meta.profile must name {url}.",
            sources.invariant(
                f"validEntryProfile-{'ObservationLabResult' if name == 'Observation' else name}",
                "JP_Bundle_CLINS",
            ),
            claims_profile(url),
        )
        for name, url in PROFILE_OF.items()
    ),
    rule(
        "R9011", "Information/collection",
        "医療機関番号の拡張 JP_eCS_InstitutionNumber がありません。"
        "作成した医療機関の10桁番号を書いてください。",
        "The extension JP_eCS_InstitutionNumber is missing; write the 10-digit number of the institution.",
        sources.invariant("all-entries-needs-extension-of-institutionNumber", "JP_Bundle_CLINS"),
        _institution_there,
    ),
    rule(
        "R9012", "Entry",
        "医療機関番号は10桁の半角数字です (都道府県2桁 + 区分 1・2・3 + 番号7桁)。",
        "The institution number has 10 digits: prefecture (2), class 1, 2 or 3, and number (7).",
        sources.invariant("all-entries-needs-valid-institutionNumber", "JP_Bundle_CLINS"), _institution_form,
    ),
    rule(
        "C1.institution.system", "Entry",
        f"医療機関番号の system は {japan.INSTITUTION_ID} としてください。",
        f"The institution number's system must be {japan.INSTITUTION_ID}.",
        "JP_eCS_InstitutionNumber (CLINS 1.5.2)", _institution_system,
    ),
    rule(
        "C1.institution.same", "Information/collection",
        "医療機関番号が Bundle.identifier の医療機関と違います。どちらが正しいか確かめてください。",
        "The institution number differs from that in Bundle.identifier; check which is right.",
        sources.HOUSE, _institution_same, severity="warning",
    ),
    rule(
        "R9014C", "Condition/collection",
        "診療科の拡張 JP_eCS_Department がありません。text に診療科名を書いてください。",
        "The extension JP_eCS_Department is missing; write the department's name in its text.",
        sources.invariant("condition-needs-extension-of-Department", "JP_Bundle_CLINS"), _department,
    ),
    rule(
        "R9014O", "Observation/collection",
        "診療科の拡張 JP_eCS_Department がありません。text に診療科名を書いてください。",
        "The extension JP_eCS_Department is missing; write the department's name in its text.",
        sources.invariant("observation-needs-extension-of-Department", "JP_Bundle_CLINS"), _department,
    ),
    rule(
        "C1.department.text", "Information/collection",
        "診療科の拡張の text がありません。コードの有無によらず診療科名を書いてください。",
        "The department's text is missing; write its name, coded or not.",
        sources.table("ConditionTable"), _department_text,
    ),
    rule(
        "R9013C", "Condition/collection",
        "contained に Encounter がありません。記録時の外来 (AMB) か入院 (IMP) を入れてください。",
        "No Encounter is contained; say with one whether it was ambulatory (AMB) or inpatient (IMP).",
        sources.invariant("condition-needs-contained-of-Encounter", "JP_Bundle_CLINS"), _contained_encounter,
    ),
    rule(
        "R9013O", "Observation/collection",
        "contained に Encounter がありません。記録時の外来 (AMB) か入院 (IMP) を入れてください。",
        "No Encounter is contained; say with one whether it was ambulatory (AMB) or inpatient (IMP).",
        sources.invariant("observation-needs-contained-of-Encounter", "JP_Bundle_CLINS"), _contained_encounter,
    ),
    rule(
        "C1.encounter.reference", "Condition/collection Observation/collection",
        "encounter は contained の Encounter を「#id」で指してください。",
        "encounter must point at the contained Encounter as #id.",
        sources.GUIDE, when(lambda case: many(case.tree, "contained"), _encounter_reference),
    ),
    rule(
        "C1.encounter.content", "Information/collection",
        "contained の Encounter は status finished、class は v3-ActCode の AMB か IMP としてください。",
        "The contained Encounter must be finished, of class AMB or IMP of v3-ActCode.",
        sources.table("EncounterTable"), _encounter_content,
    ),
    rule(
        "C1.reference.patient", "Information/collection",
        "患者の参照がこの Bundle の Patient ではありません。Patient の fullUrl か、"
        "その被保険者識別子を書いてください。",
        "The patient pointed at is not this Bundle's; use the Patient's fullUrl or its member id.",
        sources.GUIDE, _patient,
    ),
    rule(
        "C1.reference.crossing", "Information/collection",
        "他の entry を指せるのは Patient だけです。ほかは contained に入れて「#id」で指してください。",
        "Only the Patient may be pointed at across entries; contain the others and point with #id.",
        sources.GUIDE, _crossing,
    ),
)  # fmt: skip
