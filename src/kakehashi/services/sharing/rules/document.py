"""Rules for every document Bundle: a Composition first, its header, its entries, its references."""

from kakehashi.core.kinds import Kind
from kakehashi.services.sharing.rules import sources
from kakehashi.services.sharing.rules.checks import Found, coded, fixed, forbids, is_zoned, needs
from kakehashi.services.sharing.rules.model import Case, Finding, Version, rule
from kakehashi.services.sharing.rules.reading import (
    claims,
    extensions,
    identifiers,
    many,
    one,
    profiles,
    references,
    text,
)
from kakehashi.terms import japan

BUNDLE_PROFILES = {
    Kind.REFERRAL: f"{japan.JP}/clins/StructureDefinition/JP_Bundle_eReferral",
    Kind.DISCHARGE: f"{japan.JP}/clins/StructureDefinition/JP_Bundle_eDischargeSummary",
    Kind.CARE_PLAN: f"{japan.JP}/clins/StructureDefinition/JP_Bundle_ePCS",
    Kind.CHECKUP: f"{japan.JP}/clins/StructureDefinition/JP_Bundle_eCheckupGeneral",
}
COMPOSITION_PROFILES = {
    Kind.REFERRAL: f"{japan.JP}/eReferral/StructureDefinition/JP_Composition_eReferral",
    Kind.DISCHARGE: f"{japan.JP}/eDischargeSummary/StructureDefinition/JP_Composition_eDischargeSummary",
    Kind.CARE_PLAN: f"{japan.JP}/ePCS/StructureDefinition/JP_Composition_ePCS",
    Kind.CHECKUP: f"{japan.JP}/eCheckup/StructureDefinition/JP_Composition_eCheckupGeneral",
}
# Least and most entries of each type (most 0: any number), and least in all.
MEMBERS: dict[Kind, dict[str, tuple[int, int]]] = {
    Kind.REFERRAL: {"Composition": (1, 1), "Patient": (1, 1), "Practitioner": (1, 0), "Organization": (2, 4)},
    Kind.DISCHARGE: {"Composition": (1, 1), "Patient": (1, 1), "Practitioner": (1, 0), "Organization": (1, 0),
                     "Encounter": (1, 1), "Condition": (1, 0)},
    Kind.CARE_PLAN: {"Composition": (1, 1), "Patient": (1, 1), "Practitioner": (1, 1), "Organization": (1, 1),
                     "Encounter": (1, 1), "CarePlan": (1, 1), "Condition": (1, 0)},
    Kind.CHECKUP: {"Composition": (1, 1), "Patient": (1, 1), "Practitioner": (1, 0), "Organization": (1, 0),
                   "Encounter": (1, 1), "PractitionerRole": (0, 1), "Coverage": (0, 2)},
}  # fmt: skip
LEAST_ENTRIES = {Kind.REFERRAL: 5, Kind.DISCHARGE: 6, Kind.CARE_PLAN: 7, Kind.CHECKUP: 5}
TITLES = {
    Kind.REFERRAL: "診療情報提供書",
    Kind.DISCHARGE: "退院時サマリー",
    Kind.CARE_PLAN: "患者サマリー（療養計画書）",
}
SUBTYPES = ("OUTPATIENT", "INPATIENT", "ADMISSION", "DISCHARGE", "CONSULT", "SECONDOP", "EXAMIN")
AUTHORS_SINCE: Version = (1, 10, 0)
ISSUED = "診療情報提供書発行"
LETTERS = "Composition/REFERRAL Composition/DISCHARGE Composition/CARE_PLAN"


def _kind_known(case: Case) -> Found:
    if case.whole.kind is None:
        first = case.whole.members[0].tree if case.whole.members else {}
        said = [text(coding, "code") for coding in many(one(first, "type"), "coding")]
        yield Finding(".entry[0].resource.type", " ".join(said))


def _first(case: Case) -> Found:
    members = case.whole.members
    if not members or members[0].type != "Composition":
        yield Finding(".entry[0].resource", members[0].type if members else "")


def _bundle_profile(case: Case) -> Found:
    if case.whole.kind in BUNDLE_PROFILES and not claims(case.tree, BUNDLE_PROFILES[case.whole.kind]):
        yield Finding(".meta.profile", " ".join(url for url, _ in profiles(case.tree)))


def _composition_profile(case: Case) -> Found:
    kind = case.whole.kind
    if kind in COMPOSITION_PROFILES and not claims(case.tree, COMPOSITION_PROFILES[kind]):
        yield Finding(".meta.profile", " ".join(url for url, _ in profiles(case.tree)))


def _enough(case: Case) -> Found:
    least = LEAST_ENTRIES.get(case.whole.kind, 0) if case.whole.kind is not None else 0
    if len(case.whole.members) < least:
        yield Finding(".entry", f"{len(case.whole.members)} < {least}")


def _members(case: Case) -> Found:
    wanted = MEMBERS.get(case.whole.kind, {}) if case.whole.kind is not None else {}
    for name, (least, most) in wanted.items():
        there = len(case.whole.of_type(name))
        if there < least or (most and there > most):
            yield Finding(".entry", f"{name}: {there}")


def _resolves(case: Case, reference: str) -> bool:
    """References to the outside (https) are not ours to follow; everything else must be in the Bundle."""
    return reference.startswith(("#", "http://", "https://", "file://")) or reference in case.whole.by_url


def _references(case: Case) -> Found:
    if case.tree.get("resourceType") == "Bundle":
        return
    for place, value in references({name: value for name, value in case.tree.items() if name != "section"}):
        if not _resolves(case, value):
            yield Finding(place, value)


def _version(case: Case) -> Found:
    given = extensions(case.tree, japan.DOCUMENT_VERSION)
    if len(given) != 1 or not text(given[0], "valueString"):
        yield Finding(".extension")


def _identifier(case: Case) -> Found:
    given = identifiers(case.tree, japan.RESOURCE_ID)
    if len(given) != 1 or not text(given[0], "value"):
        yield Finding(".identifier")


def _type_system(case: Case) -> Found:
    codings = many(one(case.tree, "type"), "coding")
    if len(codings) != 1 or codings[0].get("system") != japan.DOCUMENT_TYPE:
        yield Finding(".type.coding", " ".join(text(coding, "system") for coding in codings))


def _one_category(case: Case) -> Found:
    if len(many(case.tree, "category")) > 1:
        yield Finding(".category")


def _subject(case: Case) -> Found:
    reference = text(one(case.tree, "subject"), "reference")
    people = case.whole.of_type("Patient")
    ids = {member.full_url for member in people} | {f"Patient/{member.tree.get('id')}" for member in people}
    if reference not in ids and (case.whole.family != "single" or not reference):
        yield Finding(".subject.reference", reference)


def _date(case: Case) -> Found:
    said = text(case.tree, "date")
    if not is_zoned(said):
        yield Finding(".date", said)


def _authors(case: Case) -> Found:
    """Who wrote it and where: a Practitioner and an Organization; from 1.10 so many and no more."""
    there = len(many(case.tree, "author"))
    least, most = 1, 0
    if case.whole.kind is Kind.CARE_PLAN:
        least, most = 2, 2
    elif case.version >= AUTHORS_SINCE and case.whole.kind is Kind.REFERRAL:
        least, most = 2, 3
    elif case.version >= AUTHORS_SINCE and case.whole.kind is Kind.DISCHARGE:
        least, most = 2, 2
    if there < least or (most and there > most):
        yield Finding(".author", str(there))


def _title(case: Case) -> Found:
    wanted = TITLES.get(case.whole.kind) if case.whole.kind is not None else None
    if wanted and case.tree.get("title") != wanted:
        yield Finding(".title", text(case.tree, "title"))


def _referral_event(case: Case) -> Found:
    events = many(case.tree, "event")
    event = events[0] if len(events) == 1 else {}
    codes = many(event, "code")
    if len(codes) != 1 or text(codes[0], "text") != ISSUED or "coding" in codes[0]:
        yield Finding(".event.code")
    if not text(one(event, "period"), "start"):
        yield Finding(".event.period.start")


def _discharge_event(case: Case) -> Found:
    events = many(case.tree, "event")
    event = events[0] if len(events) == 1 else {}
    for name in ("start", "end"):
        if not text(one(event, "period"), name):
            yield Finding(f".event.period.{name}")
    if "code" in event:
        yield Finding(".event.code")


RULES = (
    rule(
        "C1.document.type", "Bundle/document",
        "文書の Bundle.type は document としてください。",
        "A document's Bundle.type must be document.",
        sources.REFERRAL, fixed("type", "document"),
    ),
    rule(
        "C1.document.first", "Bundle/document",
        "最初の entry は Composition としてください。",
        "The first entry must be the Composition.",
        sources.REFERRAL, _first,
    ),
    rule(
        "C1.document.kind", "Bundle/document",
        "文書の種類が判別できません。Composition.type は 57133-1 (診療情報提供書)、18842-5 "
        "(退院時サマリー)、"
        "53576-5 (健診結果報告書)、56447-6 (計画書) のいずれかです。",
        "Which document this is cannot be told; Composition.type is 57133-1, 18842-5, 53576-5 or 56447-6.",
        sources.VENDOR, _kind_known,
    ),
    rule(
        "C1.document.profile", "Bundle/REFERRAL Bundle/DISCHARGE Bundle/CARE_PLAN",
        "meta.profile が文書の種類と合いません。JP_Bundle_eReferral、JP_Bundle_eDischargeSummary、"
        "JP_Bundle_ePCS のうち合うものを書いてください。",
        "meta.profile does not fit the document; name its own Bundle profile.",
        sources.REFERRAL, _bundle_profile,
    ),
    rule(
        "C1.composition.profile", LETTERS,
        "Composition の meta.profile が文書の種類と合いません。その文書の JP_Composition_… "
        "を書いてください。",
        "The Composition's meta.profile does not fit the document; name its own Composition profile.",
        sources.REFERRAL, _composition_profile,
    ),
    rule(
        "C1.document.entries", "Bundle/document",
        "entry が足りません (診療情報提供書は5、退院時サマリーは6、患者サマリーは7、健診は5以上)。",
        "There are too few entries (referral 5, discharge summary 6, care plan 7, check-up 5 at least).",
        sources.REFERRAL, _enough,
    ),
    rule(
        "C1.document.members", "Bundle/document",
        "文書に入れるリソースの数が合いません。Composition と Patient は1つ、作成者 Practitioner、機関 "
        "Organization "
        "(診療情報提供書は2〜4)、退院時サマリーは Encounter 1つと Condition 1つ以上が要ります。",
        "The number of resources of a type does not fit: one Composition and Patient, Practitioners, "
        "Organizations "
        "(2 to 4 in a referral), for a discharge summary one Encounter and a Condition.",
        sources.REFERRAL, _members,
    ),
    rule(
        "C1.document.reference", "Entry/document",
        "参照先がこの Bundle にありません。参照先のリソースを entry に入れるか、fullUrl "
        "と合わせてください。",
        "What is pointed at is not in this Bundle; add the resource, or mend the fullUrl.",
        sources.GUIDE, _references,
    ),
    rule(
        "C1.composition.version", "Composition",
        "文書のバージョンの拡張 (composition-clinicaldocument-versionNumber) を1つ書いてください (例 1.0)"
        "。",
        "The extension composition-clinicaldocument-versionNumber is needed once (e.g. 1.0).",
        sources.REFERRAL, _version,
    ),
    rule(
        "C1.composition.identifier", "Composition",
        f"文書ID (Composition.identifier、system {japan.RESOURCE_ID}) を書いてください。",
        f"The document's id (Composition.identifier, system {japan.RESOURCE_ID}) is needed.",
        sources.REFERRAL, _identifier,
    ),
    rule(
        "C1.composition.status", "Composition",
        "Composition.status は final としてください。",
        "Composition.status must be final.",
        sources.REFERRAL, fixed("status", "final"),
    ),
    rule(
        "C1.composition.type", "Composition",
        f"Composition.type の coding は1つで、system は {japan.DOCUMENT_TYPE} としてください。",
        f"Composition.type must have one coding, of {japan.DOCUMENT_TYPE}.",
        sources.REFERRAL, _type_system,
    ),
    rule(
        "C1.composition.category", "Composition/REFERRAL",
        f"category は {japan.DOCUMENT_SUBTYPE} のコード (OUTPATIENT、INPATIENT など) で書いてください。",
        f"category must be coded in {japan.DOCUMENT_SUBTYPE} (OUTPATIENT, INPATIENT, …).",
        sources.REFERRAL, coded("category", japan.DOCUMENT_SUBTYPE, SUBTYPES),
    ),
    rule(
        "C1.composition.category-discharge", "Composition/DISCHARGE",
        "退院時サマリーの category は DISCHARGE としてください。",
        "A discharge summary's category must be DISCHARGE.",
        sources.DISCHARGE, coded("category", japan.DOCUMENT_SUBTYPE, ("DISCHARGE",)),
    ),
    rule(
        "C1.composition.category-plan", "Composition/CARE_PLAN",
        "患者サマリーの category は DISCHARGE か OUTPATIENT としてください。",
        "A patient summary's category must be DISCHARGE or OUTPATIENT.",
        sources.table("CompositionPCSTable"),
        coded("category", japan.DOCUMENT_SUBTYPE, ("DISCHARGE", "OUTPATIENT")),
    ),
    rule(
        "C1.composition.one-category", "Composition",
        "category は1つだけ書いてください。",
        "Only one category is allowed.",
        sources.REFERRAL, _one_category,
    ),
    rule(
        "C1.composition.subject", "Composition",
        "Composition.subject が Bundle の Patient を指していません。Patient の fullUrl を書いてください。",
        "Composition.subject does not point at the Bundle's Patient; write the Patient's fullUrl.",
        sources.REFERRAL, _subject,
    ),
    rule(
        "C1.composition.date", "Composition",
        "Composition.date は秒まで、時差つきで書いてください (例 2026-11-21T09:00:00+09:00)。",
        "Write Composition.date to the second with its time zone.",
        sources.table("CompositionPCSTable"), _date,
    ),
    rule(
        "C1.composition.author", "Composition",
        "author の数が合いません。作成者 (Practitioner) と作成機関 (Organization) を書いてください。"
        "1.10 から診療情報提供書は2〜3、退院時サマリーは2、患者サマリーは2です。",
        "The number of authors does not fit; name the Practitioner and the Organization. From 1.10: "
        "referral 2 to 3, "
        "discharge summary 2, patient summary 2.",
        sources.CHANGES, _authors,
    ),
    rule(
        "C1.composition.title", LETTERS,
        "Composition.title が決まった題と違います (診療情報提供書、退院時サマリー、患者サマリー（"
        "療養計画書）)。",
        "Composition.title is fixed: 診療情報提供書, 退院時サマリー or 患者サマリー（療養計画書）.",
        sources.REFERRAL, _title,
    ),
    rule(
        "C1.composition.custodian", "Composition/REFERRAL Composition/DISCHARGE",
        "custodian がありません。文書に責任をもつ医療機関 (Organization) を指してください。",
        "custodian is missing; point at the responsible Organization.",
        sources.REFERRAL, needs("custodian.reference"),
    ),
    rule(
        "C1.composition.event-referral", "Composition/REFERRAL",
        "event は1つで、code.text は「診療情報提供書発行」(coding なし)、period.start "
        "に発行日を書いてください。",
        "One event is needed, with code.text 診療情報提供書発行 (no coding) and period.start.",
        sources.REFERRAL, _referral_event,
    ),
    rule(
        "C1.composition.event-discharge", "Composition/DISCHARGE",
        "event は1つで、period に入院日 (start) と退院日 (end) を書き、code は書かないでください。",
        "One event is needed, with the stay's period (start and end) and no code.",
        sources.DISCHARGE, _discharge_event,
    ),
    rule(
        "C1.composition.plan-extra", "Composition/CARE_PLAN",
        "患者サマリーに custodian と event は書けません。",
        "A patient summary has neither custodian nor event.",
        sources.table("CompositionPCSTable"), forbids("custodian", "event"),
    ),
    rule(
        "C1.composition.plan-encounter", "Composition/CARE_PLAN",
        "encounter がありません。外来・入院の区分を示す Encounter を指してください。",
        "encounter is missing; point at the Encounter that says ambulatory or inpatient.",
        sources.table("CompositionPCSTable"), needs("encounter.reference"),
    ),
)  # fmt: skip
