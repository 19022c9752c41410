"""Rules for 健診結果報告書 (eCheckupGeneral): report category, program, sections, results and missing results."""

from kakehashi.core.kinds import Kind
from kakehashi.services.sharing.rules import sources
from kakehashi.services.sharing.rules.checks import Found, claims_profile, fixed, needs
from kakehashi.services.sharing.rules.content import all_sections, code_of
from kakehashi.services.sharing.rules.document import BUNDLE_PROFILES, COMPOSITION_PROFILES
from kakehashi.services.sharing.rules.model import Case, Check, Finding, rule
from kakehashi.services.sharing.rules.reading import Tree, claims, many, one, text, value_names
from kakehashi.services.sharing.rules.sections import CHECKUP_SECTIONS
from kakehashi.terms import japan

REPORTS = frozenset({"10", "40", "41", "42", "60", "70", "80", "90", "99"})
WITHDRAWALS = frozenset({"19", "49", "69", "79", "89"})  # 報告区分 that ask for deletion
PROGRAMS = frozenset({"000", "010", "020", "030", "040", "060", "070", "080", "090", "990"})
OUT_OF_SCOPE = frozenset({"060", "090"})  # がん検診, 肝炎検診
OUT_OF_SCOPE_REPORTS = frozenset({"43", "44"})  # 乳幼児, 妊婦 (older list)
_PROFILE = f"{japan.JP}/eCheckup/StructureDefinition"


def category_codes(tree: Tree) -> list[str]:
    """Return the 報告区分 of a Composition."""
    given = [coding for concept in many(tree, "category") for coding in many(concept, "coding")]
    return [text(coding, "code") for coding in given if coding.get("system") in japan.CHECKUP_CATEGORY]


def _programs(tree: Tree) -> list[str]:
    concepts = [concept for event in many(tree, "event") for concept in many(event, "code")]
    given = [coding for concept in concepts for coding in many(concept, "coding")]
    return [text(coding, "code") for coding in given if coding.get("system") == japan.CHECKUP_PROGRAM]


def _category(case: Case) -> Found:
    said = category_codes(case.tree)
    if len(said) != 1 or said[0] not in REPORTS | WITHDRAWALS | OUT_OF_SCOPE_REPORTS:
        yield Finding(".category", " ".join(said))


def _program(case: Case) -> Found:
    said = _programs(case.tree)
    if not said or not set(said) <= PROGRAMS:
        yield Finding(".event.code", " ".join(said))


def _scope(case: Case) -> Found:
    if out := set(_programs(case.tree)) & OUT_OF_SCOPE:
        yield Finding(".event.code", " ".join(sorted(out)))
    if out := set(category_codes(case.tree)) & OUT_OF_SCOPE_REPORTS:
        yield Finding(".category", " ".join(sorted(out)))


def _section_known(case: Case) -> Found:
    for place, _, section in all_sections(case.tree):
        codings = many(one(section, "code"), "coding")
        system = text(codings[0], "system") if codings else ""
        if system != japan.CHECKUP_SECTION or code_of(section) not in CHECKUP_SECTIONS:
            yield Finding(f"{place}.code", f"{system}|{code_of(section)}")


def _section_entries(case: Case) -> Found:
    for place, _, section in all_sections(case.tree):
        if not many(section, "entry"):
            yield Finding(f"{place}.entry", code_of(section))


def _sections_there(case: Case) -> Found:
    if not many(case.tree, "section") and not set(category_codes(case.tree)) & WITHDRAWALS:
        yield Finding(".section")


def _section_of_program(case: Case) -> Found:
    programs = set(_programs(case.tree))
    for place, _, section in all_sections(case.tree):
        program = CHECKUP_SECTIONS.get(code_of(section), "")
        if program and programs and program not in programs:
            yield Finding(f"{place}.code", code_of(section))


def _claimed(kind: str, profile: str) -> Check:
    """An entry of the type must claim the profile."""

    def check(case: Case) -> Found:
        if not any(claims(member.tree, profile) for member in case.whole.of_type(kind)):
            yield Finding(".entry", kind)

    return check


def _is_group(tree: Tree) -> bool:
    return bool(many(tree, "hasMember"))


def _result(case: Case) -> Found:
    """A result is final with a value; a missing one is cancelled with its reason in words."""
    tree = case.tree
    if _is_group(tree):
        return
    has_value = bool(value_names(tree, "value")) or bool(many(tree, "component"))
    if not has_value and tree.get("status") != "cancelled":
        yield Finding(".status", text(tree, "status"))
    if not has_value and not text(one(tree, "dataAbsentReason"), "text"):
        yield Finding(".dataAbsentReason.text")
    if has_value and tree.get("status") == "cancelled":
        yield Finding(".status", "cancelled")


def _effective(case: Case) -> Found:
    if not value_names(case.tree, "effective"):
        yield Finding(".effectiveDateTime")


def _item_coded(case: Case) -> Found:
    if not many(one(case.tree, "code"), "coding"):
        yield Finding(".code.coding")


def _encounter_class(case: Case) -> Found:
    given = one(case.tree, "class")
    if given.get("system") != japan.CHECKUP_ENCOUNTER or given.get("code") != "checkup":
        yield Finding(".class", f"{text(given, 'system')}|{text(given, 'code')}")


PATIENT_PROFILES = (
    f"{japan.JP}/clins/StructureDefinition/JP_Patient_eCheckupGeneral",
    f"{japan.JP}/clins/StructureDefinition/JP_Patient_CLINS_eCheckupGeneral",
)


def _patient_profile(case: Case) -> Found:
    if not any(claims(member.tree, *PATIENT_PROFILES) for member in case.whole.of_type("Patient")):
        yield Finding(".entry", "Patient")


def _entry_rules() -> tuple[tuple[str, str, str], ...]:
    return (
        (
            "bundle-entry-JP-Encounter-eCheckupGeneral",
            "Encounter",
            f"{_PROFILE}/JP_Encounter_eCheckupGeneral",
        ),
        (
            "bundle-entry-JP-OrganizationReporter-eCheckupGeneral",
            "Organization",
            f"{_PROFILE}/JP_Organization_eCheckupGeneral",
        ),
        (
            "bundle-entry-JP-PractitionerReporter-eCheckupGeneral",
            "Practitioner",
            f"{_PROFILE}/JP_Practitioner_eCheckupGeneral",
        ),
    )


RULES = (
    rule(
        "R0213.checkup", "Bundle/CHECKUP",
        f"meta.profile に {BUNDLE_PROFILES[Kind.CHECKUP]} を書いてください。",
        f"meta.profile must name {BUNDLE_PROFILES[Kind.CHECKUP]}.",
        sources.invariant("bundle-profile-is-JP-Bundle-eCheckupGeneral", "JP_Bundle_eCheckupGeneral"),
        claims_profile(BUNDLE_PROFILES[Kind.CHECKUP]),
    ),
    rule(
        "R0213.checkup-composition", "Composition/CHECKUP",
        f"Composition の meta.profile に {COMPOSITION_PROFILES[Kind.CHECKUP]} を書いてください。",
        f"The Composition's meta.profile must name {COMPOSITION_PROFILES[Kind.CHECKUP]}.",
        sources.invariant("composition-profile-is-JP-Composition-eCheckupGeneral", "JP_Composition_eCheckupGeneral"),
        claims_profile(COMPOSITION_PROFILES[Kind.CHECKUP]),
    ),
    *(
        rule(
            key, "Bundle/CHECKUP",
            f"meta.profile が {profile} の {kind} がありません。",
            f"No {kind} claims {profile} in its meta.profile.",
            sources.invariant(key, "JP_Bundle_eCheckupGeneral"), _claimed(kind, profile),
        )
        for key, kind, profile in _entry_rules()
    ),
    rule(
        "bundle-entry-JP-Patient-CLINS-eCheckupGeneral", "Bundle/CHECKUP",
        f"meta.profile が {PATIENT_PROFILES[0]} の Patient がありません。",
        f"No Patient claims {PATIENT_PROFILES[0]} in its meta.profile.",
        sources.invariant("bundle-entry-JP-Patient-CLINS-eCheckupGeneral", "JP_Bundle_eCheckupGeneral"),
        _patient_profile,
    ),
    rule(
        "C1.checkup.category", "Composition/CHECKUP",
        "報告区分 (category) は 10、40、41、42、60、70、80、90、99 (取り消しは 19、49、69、79、89) "
        "のいずれか1つです。",
        "The report category must be one of 10, 40, 41, 42, 60, 70, 80, 90, 99 (withdrawals: 19, 49, 69, 79, "
        "89).",
        sources.CHECKUP, _category,
    ),
    rule(
        "C1.checkup.program", "Composition/CHECKUP",
        f"健診プログラム (event.code、system {japan.CHECKUP_PROGRAM}) を書いてください (010 特定健診、020 "
        "広域連合、030 事業者 など)。",
        f"The program (event.code, system {japan.CHECKUP_PROGRAM}) is needed: 010, 020, 030, ….",
        sources.CHECKUP, _program,
    ),
    rule(
        "C1.checkup.scope", "Composition/CHECKUP",
        "がん検診、肝炎検診、乳幼児・妊婦の健診はこのサービスの対象外です。",
        "Cancer and hepatitis screening and check-ups of infants and pregnant women are outside this "
        "service.",
        sources.VENDOR, _scope,
    ),
    rule(
        "C1.checkup.section", "Composition/CHECKUP",
        f"健診のセクションのコードではありません (system {japan.CHECKUP_SECTION})。",
        f"This is not a section code of check-ups (system {japan.CHECKUP_SECTION}).",
        sources.CHECKUP, _section_known,
    ),
    rule(
        "C1.checkup.section-entries", "Composition/CHECKUP",
        "セクションに entry がありません。結果を1つ以上指すか、セクションを除いてください。",
        "The section has no entry; point at a result, or leave the section out.",
        sources.CHECKUP, _section_entries,
    ),
    rule(
        "C1.checkup.sections", "Composition/CHECKUP",
        "セクションがありません。検査結果のセクションを入れてください (取り消しなら報告区分を 19 "
        "などにしてください)。",
        "There is no section; add the results (to withdraw, use a report category such as 19).",
        sources.CHECKUP, _sections_there,
    ),
    rule(
        "C1.checkup.section-program", "Composition/CHECKUP",
        "セクションが健診プログラムと合いません。プログラムかセクションのコードを確かめてください。",
        "The section does not belong to the program; check either code.",
        sources.CHECKUP, _section_of_program, severity="warning",
    ),
    rule(
        "C1.checkup.encounter", "Composition/CHECKUP",
        "encounter がありません。健診実施情報 (Encounter) を指してください。",
        "encounter is missing; point at the check-up's Encounter.",
        sources.CHECKUP, needs("encounter.reference"),
    ),
    rule(
        "C1.checkup.encounter-class", "Encounter/CHECKUP",
        f"健診の Encounter の class は {japan.CHECKUP_ENCOUNTER} の checkup としてください。",
        f"The Encounter's class must be checkup of {japan.CHECKUP_ENCOUNTER}.",
        sources.CHECKUP, _encounter_class,
    ),
    rule(
        "C1.checkup.encounter-status", "Encounter/CHECKUP",
        "健診の Encounter の status は finished としてください。",
        "The Encounter's status must be finished.",
        sources.CHECKUP, fixed("status", "finished"),
    ),
    rule(
        "C1.checkup.encounter-period", "Encounter/CHECKUP",
        "健診の Encounter に実施日 (period.start と end) と実施機関 (serviceProvider) を書いてください。",
        "The Encounter needs its period (start and end) and serviceProvider.",
        sources.CHECKUP, needs("period.start", "period.end", "serviceProvider.reference"),
    ),
    rule(
        "C1.checkup.result", "Observation/CHECKUP",
        "結果は value と status final で、結果がないときは status cancelled と dataAbsentReason.text "
        "(理由) で書いてください。",
        "Write a result as a value with status final; a missing one as cancelled with dataAbsentReason."
        "text.",
        sources.CHECKUP, _result,
    ),
    rule(
        "C1.checkup.effective", "Observation/CHECKUP",
        "effectiveDateTime (検査日または健診実施日) がありません。",
        "effectiveDateTime (the day of the test or of the check-up) is missing.",
        sources.CHECKUP, _effective,
    ),
    rule(
        "C1.checkup.item", "Observation/CHECKUP",
        "健診項目のコード (code.coding) がありません。",
        "The item has no code (code.coding).",
        sources.CHECKUP, _item_coded,
    ),
    rule(
        "C1.checkup.subject", "Observation/CHECKUP",
        "subject がありません。受診者を指してください。",
        "subject is missing; point at the person.",
        sources.CHECKUP, needs("subject"),
    ),
)  # fmt: skip
