"""Rules of one document each: who a referral goes to, how a discharge summary travels, what a care plan says."""

import re

from kakehashi.services.sharing.rules import sources
from kakehashi.services.sharing.rules.checks import Found, fixed
from kakehashi.services.sharing.rules.content import code_of
from kakehashi.services.sharing.rules.model import Case, Finding, Member, rule
from kakehashi.services.sharing.rules.reading import Tree, identifiers, many, one, text
from kakehashi.terms import japan

FROM, TO = "920", "910"

_INSTITUTION = re.compile(japan.INSTITUTION_FORM, re.ASCII)


def organizations(case: Case, section_code: str) -> list[Member]:
    """Return the Organizations that a top section (920 紹介元, 910 紹介先) points at."""
    found = []
    for section in many(case.tree, "section"):
        if code_of(section) == section_code:
            members = [case.whole.by_url.get(text(entry, "reference")) for entry in many(section, "entry")]
            found += [member for member in members if member and member.type == "Organization"]
    return found


def number_of(organization: Member) -> str:
    """Return the institution number of an Organization, else ""."""
    given = identifiers(organization.tree, japan.INSTITUTION_ID)
    return text(given[0], "value") if given else ""


def _one_organization(case: Case) -> Found:
    for code in (FROM, TO):
        there = len(organizations(case, code))
        if there != 1:
            yield Finding(".section", f"{code}: {there}")


def _addressee(case: Case) -> Found:
    for member in organizations(case, TO):
        if not _INSTITUTION.fullmatch(number_of(member)):
            yield Finding(".section", f"{member.place}.identifier {number_of(member)}")


def _to_oneself(case: Case) -> Found:
    senders = {number_of(member) for member in organizations(case, FROM)} - {""}
    if senders & {number_of(member) for member in organizations(case, TO)}:
        yield Finding(".section", " ".join(sorted(senders)))


def _alone(case: Case) -> Found:
    if not case.whole.attached:
        yield Finding("")


def member_ids(patients: list[Tree]) -> set[str]:
    """Return the member ids (被保険者個人識別子, 公費) of Patients."""
    systems = (japan.MEMBER_ID, japan.PUBLIC_PAYER_ID)
    return {
        text(item, "value") for tree in patients for system in systems for item in identifiers(tree, system)
    }


def _attached_person(case: Case) -> Found:
    own = member_ids([member.tree for member in case.whole.of_type("Patient")])
    for attached in case.whole.of_type("Bundle"):
        inner = [one(entry, "resource") for entry in many(attached.tree, "entry")]
        if not own & member_ids([tree for tree in inner if tree.get("resourceType") == "Patient"]):
            yield Finding(f".entry[{attached.index}].resource")


def _organization_number(case: Case) -> Found:
    for item in identifiers(case.tree, japan.INSTITUTION_ID):
        if not _INSTITUTION.fullmatch(text(item, "value")):
            yield Finding(".identifier.value", text(item, "value"))


RULES = (
    rule(
        "C1.referral.organizations", "Composition/REFERRAL",
        "紹介元 (920) と紹介先 (910) のセクションは、それぞれ医療機関 (Organization) を1つ指してください。",
        "The sections 920 (from) and 910 (to) must each point at exactly one Organization.",
        sources.REFERRAL, _one_organization,
    ),
    rule(
        "C1.referral.addressee", "Composition/REFERRAL",
        f"紹介先の Organization に医療機関番号10桁 (system {japan.INSTITUTION_ID}) がありません。"
        "宛先がないと届けられません。",
        f"The addressee's Organization has no 10-digit number (system {japan.INSTITUTION_ID}); "
        "without it the letter cannot be delivered.",
        sources.VENDOR, _addressee,
    ),
    rule(
        "C1.referral.to-oneself", "Composition/REFERRAL",
        "紹介元と紹介先が同じ医療機関です。宛先を確かめてください。",
        "Sender and addressee are the same institution; check the addressee.",
        sources.HOUSE, _to_oneself, severity="warning",
    ),
    rule(
        "C1.discharge.alone", "Bundle/DISCHARGE",
        "退院時サマリーは単独では送れません。診療情報提供書の添付 (セクション 210) として送ってください。",
        "A discharge summary does not travel alone; attach it to a referral (section 210).",
        sources.VENDOR, _alone,
    ),
    rule(
        "C1.attached.person", "Bundle/document",
        "添付された文書の患者が、この文書の患者と違います。同じ被保険者識別子の文書だけを添付してください。",
        "The attached document is about another person; attach only documents with the same member id.",
        sources.HOUSE, _attached_person,
    ),
    rule(
        "C1.organization.number", "Organization",
        "医療機関番号は10桁の半角数字です (都道府県2桁 + 区分 1・2・3 + 番号7桁)。",
        "An institution number has 10 digits: prefecture (2), class 1, 2 or 3, and number (7).",
        "JP_Organization_eCS (CLINS 1.5.2)", _organization_number,
    ),
    rule(
        "C1.plan.status", "CarePlan/CARE_PLAN",
        "療養計画 (CarePlan) の status は active としてください。",
        "The CarePlan's status must be active.",
        sources.CARE_PLAN, fixed("status", "active"),
    ),
    rule(
        "C1.plan.intent", "CarePlan/CARE_PLAN",
        "療養計画 (CarePlan) の intent は plan としてください。",
        "The CarePlan's intent must be plan.",
        sources.CARE_PLAN, fixed("intent", "plan"),
    ),
    rule(
        "C1.plan.title", "CarePlan/CARE_PLAN",
        "療養計画 (CarePlan) の title は「療養計画」としてください。",
        "The CarePlan's title must be 療養計画.",
        sources.CARE_PLAN, fixed("title", "療養計画"),
    ),
)  # fmt: skip
