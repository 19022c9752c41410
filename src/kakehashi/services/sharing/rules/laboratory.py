"""Rules for 検査 and 感染症 (JP_Observation_LabResult_eCS): local code always, and what stands beside it."""

import re
import unicodedata

from kakehashi.services.sharing.rules import sources
from kakehashi.services.sharing.rules.checks import Found, coded, each_needs, fixed, forbids, needs, when
from kakehashi.services.sharing.rules.collection import PROFILE_OF
from kakehashi.services.sharing.rules.model import Case, Finding, Version, rule
from kakehashi.services.sharing.rules.reading import (
    claims,
    extensions,
    many,
    one,
    text,
    value_names,
)
from kakehashi.terms import japan, japan_labs

NO_MEMBERS_SINCE: Version = (1, 6, 0)  # R6081; performer required too
STATUS_NARROWED_SINCE: Version = (1, 10, 0)
LIST_OPEN_SINCE: Version = (1, 5, 4)  # the published lists at hand end with 1.5.3
PROFILE = PROFILE_OF["Observation"]

_JLAC10 = re.compile(r"[0-9A-Z]{17}", re.ASCII)
_EFFECTIVE = re.compile(r"\d{4}-\d\d-\d\d(T.*(Z|[+-]\d\d:\d\d))?", re.ASCII)


def is_laboratory(tree: dict[str, object]) -> bool:
    """Say whether an Observation claims to be a laboratory result of the service."""
    return claims(tree, PROFILE)


def _codings(case: Case) -> list[tuple[str, str, str, str]]:
    """(place, system, code, display) of each coding."""
    return [
        (f".code.coding[{i}]", text(c, "system"), text(c, "code"), text(c, "display"))
        for i, c in enumerate(many(one(case.tree, "code"), "coding"))
    ]


def _systems(case: Case) -> set[str]:
    return {system for _, system, _, _ in _codings(case)}


def _local(case: Case) -> Found:
    if japan.LAB_LOCAL not in _systems(case):
        yield Finding(".code.coding", " ".join(sorted(_systems(case))))


def _standard(case: Case) -> Found:
    standard = {japan.JLAC10, japan.LAB_UNCODED, *japan.LAB_CORE, *japan.LAB_INFECTION}
    if not standard & _systems(case):
        yield Finding(".code.coding", " ".join(sorted(_systems(case))))


def _contradiction(case: Case) -> Found:
    coded_too = {japan.JLAC10, *japan.LAB_CORE, *japan.LAB_INFECTION} & _systems(case)
    if japan.LAB_UNCODED in _systems(case) and coded_too:
        yield Finding(".code.coding", " ".join(sorted(coded_too)))


def _uncoded(case: Case) -> Found:
    for place, system, code, display in _codings(case):
        if system == japan.LAB_UNCODED and (code, display) != japan.UNCODED_LAB:
            yield Finding(place, f"{code} {display}")


def _jlac_form(case: Case) -> Found:
    for place, system, code, _ in _codings(case):
        if system == japan.JLAC10 and not _JLAC10.fullmatch(code):
            yield Finding(f"{place}.code", code)


def _listed(case: Case) -> Found:
    for place, system, code, _ in _codings(case):
        if (system in japan.LAB_CORE and code not in japan_labs.CORE_GROUP) or (
            system in japan.LAB_INFECTION and code not in japan_labs.INFECTION_GROUP
        ):
            yield Finding(f"{place}.code", code)


def _removed(case: Case) -> Found:
    for place, system, code, _ in _codings(case):
        if system in japan.LAB_INFECTION and code in japan_labs.REMOVED_IN_1_10:
            yield Finding(f"{place}.code", code)


def _displays(system: str, code: str) -> tuple[str, ...]:
    """The displays that a listed code may have.

    Where a half-quantitative sibling exists, the guide's own example names both X-定性半定量.
    """
    if system in japan.LAB_CORE and code in japan_labs.CORE_GROUP:
        group = japan_labs.CORE_GROUP[code]
        base = group.removesuffix("-HalfQty")
        also = (f"{base}-定性半定量",) if f"{base}-HalfQty" in japan_labs.CORE else ()
        return japan_labs.CORE[group][0] + also
    if system in japan.LAB_INFECTION and code in japan_labs.INFECTION_GROUP:
        return japan_labs.INFECTION[japan_labs.INFECTION_GROUP[code]][0]
    return ()


def _display(case: Case) -> Found:
    for place, system, code, display in _codings(case):
        allowed = _displays(system, code)
        if allowed and unicodedata.normalize("NFKC", display) not in allowed:
            yield Finding(f"{place}.display", f"{display}; {' / '.join(allowed)}")


def _list_needed(case: Case) -> Found:
    """A JLAC10 code that the service's lists hold must be said in the service's own system too."""
    systems = _systems(case)
    for place, system, code, _ in _codings(case):
        if system != japan.JLAC10:
            continue
        core = code in japan_labs.CORE_GROUP and not systems & japan.LAB_CORE
        infection = code in japan_labs.INFECTION_GROUP and not systems & japan.LAB_INFECTION
        if core or infection:
            yield Finding(place, code)


def _effective(case: Case) -> Found:
    said = text(case.tree, "effectiveDateTime")
    if not _EFFECTIVE.fullmatch(said):
        yield Finding(".effectiveDateTime", said)


def _value(case: Case) -> Found:
    names = ("dataAbsentReason", "hasMember", "component")
    if not value_names(case.tree, "value") and not any(name in case.tree for name in names):
        yield Finding(".value[x]")


def _reason_text(case: Case) -> Found:
    if "dataAbsentReason" in case.tree and not text(one(case.tree, "dataAbsentReason"), "text"):
        yield Finding(".dataAbsentReason.text")


def _status(case: Case) -> Found:
    if case.tree.get("status") in ("amended", "entered-in-error", "unknown"):
        yield Finding(".status", text(case.tree, "status"))


def _one_performer(case: Case) -> Found:
    if len(many(case.tree, "performer")) > 1:
        yield Finding(".performer")


def _performer_contained(case: Case) -> Found:
    doctors = {
        f"#{text(inner, 'id')}"
        for inner in many(case.tree, "contained")
        if inner.get("resourceType") == "Practitioner"
    }
    for i, given in enumerate(many(case.tree, "performer")):
        reference = text(given, "reference")
        if reference not in doctors:
            yield Finding(f".performer[{i}].reference", reference)


def _institution(case: Case) -> Found:
    if not extensions(case.tree, japan.INSTITUTION_NUMBER):
        yield Finding(".extension")


TABLE = sources.table("ObservationLabResultTable")
RULES = (
    rule(
        "R901101", "Laboratory",
        "医療機関番号の拡張 JP_eCS_InstitutionNumber がありません。"
        "作成した医療機関の10桁番号を書いてください。",
        "The extension JP_eCS_InstitutionNumber is missing; write the 10-digit number of the institution.",
        sources.invariant("resource-needs-extension-of-institutionNumber", "JP_Observation_LabResult_eCS"),
        _institution,
    ),
    rule(
        "C1.lab.category", "Laboratory",
        f"category は {japan.OBSERVATION_CATEGORY} の laboratory を1つ書いてください。",
        f"category must be laboratory of {japan.OBSERVATION_CATEGORY}.",
        TABLE, coded("category", japan.OBSERVATION_CATEGORY, ("laboratory",)),
    ),
    rule(
        "C1.lab.status", "Laboratory",
        "status は registered、preliminary、final、amended、corrected、cancelled、entered-in-error、"
        "unknown から選んでください。",
        "status must be one of HL7's observation statuses.",
        TABLE,
        fixed("status", "registered", "preliminary", "final", "amended", "corrected", "cancelled",
              "entered-in-error", "unknown"),
    ),
    rule(
        "C1.lab.status-narrowed", "Laboratory",
        "1.10 から status に amended、entered-in-error、unknown は使えません。訂正は同じ Bundle."
        "identifier で全体を送り直してください。",
        "From 1.10 status may not be amended, entered-in-error or unknown; to correct, resend the whole "
        "under the same Bundle.identifier.",
        sources.CHANGES, _status, since=STATUS_NARROWED_SINCE,
    ),
    rule(
        "C1.lab.local", "Laboratory",
        f"施設の検査項目コード (system {japan.LAB_LOCAL}) がありません。"
        "標準コードの有無によらず書いてください。",
        f"The local item code (system {japan.LAB_LOCAL}) is missing; it is needed beside any standard "
        "code.",
        sources.GUIDE, _local,
    ),
    rule(
        "C1.lab.standard", "Laboratory",
        "標準コードがありません。コア43項目・感染症5項目は CLINS のコード、ほかは JLAC10 か未標準化コード "
        "(99999999999999999) を書いてください。",
        "No standard code is there: core and infection items need the CLINS code, others JLAC10 or the "
        "uncoded code (99999999999999999).",
        sources.GUIDE, _standard,
    ),
    rule(
        "C1.lab.contradiction", "Laboratory",
        "未標準化コードと標準コードの両方があります。標準コードがあるなら未標準化コードを除いてください。",
        "Both the uncoded code and a standard code are there; remove the uncoded one.",
        sources.GUIDE, _contradiction,
    ),
    rule(
        "C1.lab.uncoded", "Laboratory",
        "未標準化コードは 99999999999999999、display は「未標準化コード項目(JLAC)」としてください。",
        "The uncoded code is 99999999999999999 with the display 未標準化コード項目(JLAC).",
        "JP_Observation_LabResult_eCS (CLINS 1.5.2)", _uncoded,
    ),
    rule(
        "C1.lab.jlac10", "Laboratory",
        "JLAC10 のコードは17桁の半角英数字です。",
        "A JLAC10 code has 17 letters and digits.",
        sources.GUIDE, _jlac_form,
    ),
    rule(
        "C1.lab.listed", "Laboratory",
        "CLINS のコア43項目・感染症5項目の一覧にないコードです。一覧のコードに直すか、JLAC10 の system "
        "で書いてください。",
        "The code is not in CLINS's list of core or infection items; mend it, or use the JLAC10 system.",
        "JP_Observation_LabResult_eCS (CLINS 1.5.2)", _listed, until=LIST_OPEN_SINCE,
    ),
    rule(
        "C1.lab.listed-later", "Laboratory",
        "手元の一覧 (CLINS 1.5.3) にないコードです。新しい一覧のコードか確かめてください。",
        "The code is not in the list at hand (CLINS 1.5.3); check it against the newer list.",
        sources.CHANGES, _listed, since=LIST_OPEN_SINCE, severity="warning",
    ),
    rule(
        "C1.lab.removed", "Laboratory",
        "HIV-1+2抗体・p24抗原のコードは 1.10 で感染症の一覧から除かれました。JLAC10 の system "
        "で書いてください。",
        "The codes of HIV-1+2 antibody with p24 left the infection list in 1.10; use the JLAC10 system.",
        sources.CHANGES, _removed, since=STATUS_NARROWED_SINCE,
    ),
    rule(
        "C1.lab.display", "Laboratory",
        "コア43項目・感染症5項目の display は項目ごとに決まっています。決まった表示名にしてください。",
        "The display of a core or infection item is fixed; use the one of its group.",
        sources.GUIDE, _display,
    ),
    rule(
        "C1.lab.list-needed", "Laboratory",
        "コア43項目か感染症5項目の検査です。JLAC10 に加えて CLINS の一覧の system でも書いてください。",
        "This is a core or infection item; code it in CLINS's own system beside JLAC10.",
        sources.GUIDE, _list_needed,
    ),
    rule(
        "C1.lab.coding-complete", "Laboratory",
        "code.coding の display がありません。項目名を書いてください。",
        "A code.coding has no display; write the item's name.",
        TABLE, each_needs("code.coding", "display"),
    ),
    rule(
        "C1.lab.text", "Laboratory",
        "code.text がありません。施設での項目名を書いてください。",
        "code.text is missing; write the institution's name of the item.",
        TABLE, needs("code.text"),
    ),
    rule(
        "C1.lab.subject", "Laboratory",
        "subject がありません。患者を指してください。",
        "subject is missing; point at the patient.",
        TABLE, needs("subject"),
    ),
    rule(
        "C1.lab.effective", "Laboratory",
        "検体採取日時を effectiveDateTime に書いてください。日付か、時差つきの日時です (例 "
        "2026-11-21T09:00:00+09:00)。",
        "Write when the specimen was taken in effectiveDateTime: a date, or a time with its zone.",
        TABLE, _effective,
    ),
    rule(
        "C1.lab.specimen", "Laboratory",
        "specimen がありません。検体材料を contained で指すか、display に書いてください。",
        "specimen is missing; point at a contained one or name it in display.",
        TABLE, needs("specimen"),
    ),
    rule(
        "C1.lab.value", "Laboratory",
        "検査結果がありません。value[x] を書くか、ない理由を dataAbsentReason に書いてください。",
        "There is no result; write value[x], or why not in dataAbsentReason.",
        TABLE, _value,
    ),
    rule(
        "C1.lab.absent-text", "Laboratory",
        "dataAbsentReason.text がありません。結果がない理由を文で書いてください。",
        "dataAbsentReason.text is missing; say why there is no result.",
        sources.CHANGES, _reason_text, since=STATUS_NARROWED_SINCE,
    ),
    rule(
        "R6081", "Laboratory/collection",
        "1.6 から5情報では hasMember は使えません。項目ごとに Observation を送ってください。",
        "From 1.6 hasMember is not allowed among the 5 informations; send an Observation for each item.",
        sources.CHANGES, forbids("hasMember"), since=NO_MEMBERS_SINCE,
    ),
    rule(
        "C1.lab.performer", "Laboratory/collection",
        "performer がありません。オーダした (結果を確認した) 医師を contained で指してください。",
        "performer is missing; point at the contained Practitioner who ordered it.",
        TABLE, needs("performer"),
    ),
    rule(
        "C1.lab.performer-always", "Laboratory",
        "1.6 から performer は必須です。オーダした (結果を確認した) 医師を指してください。",
        "From 1.6 performer is required; point at the practitioner who ordered it.",
        sources.CHANGES, needs("performer"), since=NO_MEMBERS_SINCE,
    ),
    rule(
        "C1.lab.one-performer", "Laboratory",
        "performer は1人だけ書いてください。",
        "Only one performer is allowed.",
        "JP_Observation_LabResult_eCS (CLINS 1.5.2)", _one_performer,
    ),
    rule(
        "C1.lab.performer-contained", "Laboratory/collection",
        "performer は contained の Practitioner を「#id」で指してください。",
        "performer must point at a contained Practitioner as #id.",
        sources.GUIDE, when(lambda case: many(case.tree, "performer"), _performer_contained),
    ),
)  # fmt: skip
