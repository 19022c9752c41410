"""診療情報提供書, and 退院時サマリー as its attachment. Source: eReferral and eDischargeSummary guides, CLINS 1.11."""

import base64
from dataclasses import dataclass

from kakehashi.samples.clins import parts
from kakehashi.samples.clins.informations import allergy, condition
from kakehashi.samples.clins.medication import medication
from kakehashi.samples.clins.paper import Paper, doctor_of, section, structured
from kakehashi.samples.cut import Share
from kakehashi.samples.region import Site
from kakehashi.samples.trees import Tree, coding, concept
from kakehashi.terms import japan

REFERRAL = f"{japan.JP}/eReferral/StructureDefinition/JP_Composition_eReferral"
DISCHARGE = f"{japan.JP}/eDischargeSummary/StructureDefinition/JP_Composition_eDischargeSummary"


@dataclass(frozen=True, slots=True)
class Held:
    """What a document says of a person: fullUrls with the words beside them."""

    problems: list[tuple[str, str]]
    allergies: list[tuple[str, str]]
    medicines: list[tuple[str, str]]


def _hold(paper: Paper, encounter: Tree) -> Held:
    """Put the share's open problems, its allergies and the encounter's prescriptions into a document."""
    share, about = paper.share, f"Encounter/{encounter['id']}"
    problems = [(one, made) for one in share.of("Condition") if (made := condition(share, one))]
    problems.sort(key=lambda pair: pair[0].get("encounter", {}).get("reference") != about)
    allergies = [(one, made) for one in share.of("AllergyIntolerance") if (made := allergy(share, one))]
    requests = [
        one for one in share.of("MedicationRequest") if one.get("encounter", {}).get("reference") == about
    ]
    return Held(
        [(paper.add(made), one["code"]["text"]) for one, made in problems[:8]],
        [(paper.add(made), one["code"]["text"]) for one, made in allergies],
        [
            (paper.add(medication(share, one, number)), one["medicationCodeableConcept"]["text"])
            for number, one in enumerate(requests[:12], 1)
        ],
    )


def _listed(pairs: list[tuple[str, str]]) -> tuple[list[str], list[str]]:
    return [words for _, words in pairs], [url for url, _ in pairs]


def _reason(encounter: Tree) -> str:
    return str((encounter.get("reasonCode") or [{}])[0].get("text", "定期受診"))


def referral(share: Share, to: Site, encounter: Tree, *, purpose: str, summary: Tree | None = None) -> Tree:
    """Return a 診療情報提供書 to an institution, after an encounter; `summary` goes along as an attachment."""
    moment = encounter["period"].get("end") or encounter["period"]["start"]
    name = f"REF-{encounter['id'][:8]}-{to.slug}"
    paper = Paper(share, name, moment)
    from_org, to_org = paper.organization(share.site), paper.organization(to)
    from_doctor, to_doctor = paper.practitioner(doctor_of(share.site)), paper.practitioner(doctor_of(to))
    visit, held = paper.encounter(encounter, purpose), _hold(paper, encounter)
    reason = _reason(encounter)
    inner = [
        section("950", "紹介目的", [purpose], [visit]),
        section("340", "傷病名・主訴", *_listed(held.problems)),
        section("360", "現病歴", [f"{reason}のため当院を受診。"], []),
        section("510", "アレルギー・不耐性反応", *_listed(held.allergies)),
        section("430", "投薬指示", *_listed(held.medicines)),
    ]
    outer = [
        section("920", "紹介元情報", [share.site.name], [from_org, from_doctor]),
        section("910", "紹介先情報", [to.name], [to_org, to_doctor]),
        structured(inner),
    ]
    if summary:
        attached = paper.add(summary)
        outer.append(section("210", "添付情報", ["退院時サマリー"], [attached]))
    kind = "INPATIENT" if encounter["class"]["code"] == "IMP" else "OUTPATIENT"
    words = {"INPATIENT": "入院中文書", "OUTPATIENT": "外来文書"}
    composition = {
        "resourceType": "Composition",
        "meta": {"profile": [REFERRAL]},
        "type": concept("", coding(japan.DOCUMENT_TYPE, japan.REFERRAL_CODE, "診療情報提供書")),
        "category": [concept("", coding(japan.DOCUMENT_SUBTYPE, kind, words[kind]))],
        "encounter": {"reference": visit},
        "author": [{"reference": from_doctor}, {"reference": from_org}],
        "title": "診療情報提供書",
        "custodian": {"reference": from_org},
        "event": [{"code": [concept("診療情報提供書発行")], "period": {"start": moment[:10]}}],
        "section": outer,
    }
    return paper.bundle(composition, f"{parts.CLINS}/JP_Bundle_eReferral")


def discharge_summary(share: Share, stay: Tree) -> Tree:
    """Return the 退院時サマリー of a stay."""
    start, end = stay["period"]["start"], stay["period"]["end"]
    paper = Paper(share, f"DIS-{stay['id'][:8]}", end)
    reason = _reason(stay)
    organization, author = paper.organization(share.site), paper.practitioner(doctor_of(share.site))
    visit, held = paper.encounter(stay, reason), _hold(paper, stay)
    course = paper.add(_course(paper, reason, start, end))
    problems, first = _listed(held.problems), held.problems[:1]
    inner = [
        section("322", "入院時詳細", [f"{start[:10]} 入院"], [visit]),
        section("342", "入院時診断", *_listed(first)),
        section("510", "アレルギー・不耐性反応", *_listed(held.allergies)),
        section("352", "主訴", [reason], []),
        section("312", "入院理由", [reason], []),
        section("360", "現病歴", [f"{reason}のため入院となった。"], []),
        section("333", "入院中経過", ["経過は添付のとおり。"], [course]),
        section("324", "退院時詳細", [f"{end[:10]} 退院"], [visit]),
        section("344", "退院時診断", *problems),
        section("444", "退院時投薬指示", *_listed(held.medicines)),
        section("424", "退院時方針指示", ["かかりつけ医での継続診療をお願いします。"], []),
    ]
    composition = {
        "resourceType": "Composition",
        "meta": {"profile": [DISCHARGE]},
        "type": concept("", coding(japan.DOCUMENT_TYPE, japan.DISCHARGE_CODE, "退院時サマリー")),
        "category": [concept("", coding(japan.DOCUMENT_SUBTYPE, "DISCHARGE", "退院時文書"))],
        "encounter": {"reference": visit},
        "author": [{"reference": author}, {"reference": organization}],
        "title": "退院時サマリー",
        "custodian": {"reference": organization},
        "event": [{"period": {"start": start[:10], "end": end[:10]}}],
        "section": [structured(inner)],
    }
    return paper.bundle(composition, f"{parts.CLINS}/JP_Bundle_eDischargeSummary")


def _course(paper: Paper, reason: str, start: str, end: str) -> Tree:
    words = f"{start[:10]}、{reason}のため入院。治療により改善し、{end[:10]}に退院した。（架空の経過）"
    attachment = {
        "contentType": "text/plain; charset=utf-8",
        "language": "ja",
        "data": base64.b64encode(words.encode()).decode(),
        "title": "入院中経過",
    }
    return {
        "resourceType": "DocumentReference",
        "id": f"{paper.name}-course",
        "meta": parts.meta(f"{parts.ECS}/JP_DocumentReference_eCS", end),
        "status": "current",
        "subject": {"reference": parts.patient_url(paper.share)},
        "description": "入院中経過",
        "content": [{"attachment": attachment}],
    }
