"""健診結果報告書 of a 特定健診. Source: eCheckupReport guide 1.5.0; items by their 17-digit codes of 特定健診.

What the share holds of the same items is used; the rest is drawn, plausibly, from the person's key.
"""

from kakehashi.samples import systems
from kakehashi.samples.clins import parts
from kakehashi.samples.clins.paper import Paper, doctor_of, narrative
from kakehashi.samples.cut import Share
from kakehashi.samples.trees import Tree, coding, concept, drawn
from kakehashi.terms import japan

ECHECKUP = f"{japan.JP}/eCheckup/StructureDefinition"
REPORT_CATEGORY = "urn:oid:1.2.392.200119.6.1001"
YES_NO, SMOKING, METABOLIC = (f"urn:oid:1.2.392.200119.6.{n}" for n in ("2003", "24060", "1008"))
Item = tuple[str, str, str, str, float, float, int]  # code, name, UCUM unit, category, least, span, decimals

MEASURED: tuple[Item, ...] = (
    ("9N001000000000001", "身長", "cm", "body-measurement", 150, 28, 1),
    ("9N006000000000001", "体重", "kg", "body-measurement", 48, 34, 1),
    ("9N016160100000001", "腹囲(実測)", "cm", "body-measurement", 68, 30, 1),
    ("9A751000000000001", "収縮期血圧(1回目)", "mm[Hg]", "vital-signs", 105, 48, 0),
    ("9A761000000000001", "拡張期血圧(1回目)", "mm[Hg]", "vital-signs", 62, 32, 0),
    ("3F015000002327101", "空腹時中性脂肪(トリグリセリド)", "mg/dL", "laboratory", 50, 150, 0),
    ("3F070000002327101", "HDLコレステロール", "mg/dL", "laboratory", 40, 45, 0),
    ("3F077000002327101", "LDLコレステロール", "mg/dL", "laboratory", 78, 92, 0),
    ("3B035000002327201", "AST(GOT)", "U/L", "laboratory", 15, 30, 0),
    ("3B045000002327201", "ALT(GPT)", "U/L", "laboratory", 10, 40, 0),
    ("3B090000002327101", "γ-GT(γ-GTP)", "U/L", "laboratory", 12, 70, 0),
    ("3D046000001906202", "HbA1c(NGSP値)", "%", "laboratory", 5.0, 1.7, 1),
    ("3C015000002327101", "血清クレアチニン", "mg/dL", "laboratory", 0.5, 0.6, 2),
)
ASKED = (
    ("9N701000000000011", "服薬1(血圧)", YES_NO, (("1", "はい"), ("2", "いいえ"))),
    ("9N706000000000011", "服薬2(血糖)", YES_NO, (("1", "はい"), ("2", "いいえ"))),
    ("9N711000000000011", "服薬3(脂質)", YES_NO, (("1", "はい"), ("2", "いいえ"))),
    ("9N736000000000011", "喫煙", SMOKING, (("1", "はい"), ("3", "いいえ"))),
)
KNOWN_FROM = {"HbA1c(NGSP値)": "グリコヘモグロビンA1c", "LDLコレステロール": "LDL-コレステロール"}


def checkup(share: Share, day: str) -> Tree:
    """Return the report of a 特定健診 done at the share's institution on a day (ISO)."""
    paper = Paper(share, f"CHK-{share.patient['id'][:8]}", f"{day}T11:00:00")
    organization = paper.organization(share.site, profile=f"{ECHECKUP}/JP_Organization_eCheckupGeneral")
    author = paper.practitioner(doctor_of(share.site), profile=f"{ECHECKUP}/JP_Practitioner_eCheckupGeneral")
    visit = paper.add(_visit(paper, organization, day))
    results = [_result(share, item, day) for item in MEASURED]
    results += [_bmi(results, day, share), *_judged(results, day, share)]
    answers = [_answer(share, item, day) for item in ASKED]
    composition = {
        "resourceType": "Composition",
        "meta": {"profile": [f"{ECHECKUP}/JP_Composition_eCheckupGeneral"]},
        "type": concept("", coding(japan.DOCUMENT_TYPE, japan.CHECKUP_CODE, "検診・健診報告書")),
        "category": [concept("", coding(REPORT_CATEGORY, "10", "特定健診情報"))],
        "encounter": {"reference": visit},
        "author": [{"reference": author}, {"reference": organization}],
        "title": "健康診断結果報告書",
        "custodian": {"reference": organization},
        "event": [
            {
                "code": [concept("", coding(japan.CHECKUP_PROGRAM, "010", "特定健康診査"))],
                "period": {"start": day, "end": day},
                "detail": [{"reference": visit}],
            }
        ],
        "section": [
            _section(paper, "01011", "特定健診検査結果セクション", results),
            _section(paper, "01012", "特定健診問診結果セクション", answers),
        ],
    }
    return _as_checkup(paper.bundle(composition, f"{parts.CLINS}/JP_Bundle_eCheckupGeneral"))


def _as_checkup(bundle: Tree) -> Tree:
    patient = bundle["entry"][1]["resource"]
    patient["meta"]["profile"] = [f"{parts.CLINS}/JP_Patient_eCheckupGeneral"]
    return bundle


def _visit(paper: Paper, organization: str, day: str) -> Tree:
    return {
        "resourceType": "Encounter",
        "id": f"{paper.name}-visit",
        "meta": parts.meta(f"{ECHECKUP}/JP_Encounter_eCheckupGeneral", paper.moment),
        "status": "finished",
        "class": coding(japan.CHECKUP_ENCOUNTER, "checkup", "健診"),
        "subject": {"reference": parts.patient_url(paper.share)},
        "period": {"start": day, "end": day},
        "serviceProvider": {"reference": organization},
    }


def _section(paper: Paper, code: str, title: str, observations: list[Tree]) -> Tree:
    lines = [f"{one['code']['coding'][0]['display']} {_shown(one)}" for one in observations]
    return {
        "title": title,
        "code": concept("", coding(japan.CHECKUP_SECTION, code, title)),
        "text": narrative(*lines, status="generated"),
        "entry": [{"reference": paper.add(one)} for one in observations],
    }


def _shown(observation: Tree) -> str:
    if "valueQuantity" in observation:
        return f"{observation['valueQuantity']['value']} {observation['valueQuantity']['unit']}"
    return str(observation["valueCodeableConcept"]["coding"][0]["display"])


def _observation(share: Share, code: str, name: str, category: str, day: str) -> Tree:
    return {
        "resourceType": "Observation",
        "id": f"{code}-{share.patient['id'][:8]}",
        "meta": parts.meta(f"{ECHECKUP}/JP_Observation_eCheckupGeneral", day),
        "status": "final",
        "category": [concept("", coding(japan.OBSERVATION_CATEGORY, category))],
        "code": concept("", coding(japan.CHECKUP_ITEM, code, name)),
        "subject": {"reference": parts.patient_url(share)},
        "effectiveDateTime": day,
    }


def _quantity(value: float, unit: str) -> Tree:
    return {"valueQuantity": {"value": value, "unit": unit, "system": systems.UCUM, "code": unit}}


def _result(share: Share, item: Item, day: str) -> Tree:
    code, name, unit, category, least, span, decimals = item
    value = _known(share, name)
    if value is None:
        value = round(least + span * drawn(1000, share.key, name) / 1000, decimals)
    return _observation(share, code, name, category, day) | _quantity(
        int(value) if not decimals else value, unit
    )


def _known(share: Share, name: str) -> float | None:
    wanted = KNOWN_FROM.get(name)
    for record in reversed(share.of("Observation") if wanted else []):
        if record["code"].get("text") == wanted and "valueQuantity" in record:
            return float(record["valueQuantity"]["value"])
    return None


def _values(results: list[Tree]) -> dict[str, float]:
    return {one["code"]["coding"][0]["display"]: one["valueQuantity"]["value"] for one in results}


def _bmi(results: list[Tree], day: str, share: Share) -> Tree:
    found = _values(results)
    bmi = round(found["体重"] / (found["身長"] / 100) ** 2, 1)
    return _observation(share, "9N011000000000001", "BMI", "body-measurement", day) | _quantity(bmi, "kg/m2")


def _judged(results: list[Tree], day: str, share: Share) -> list[Tree]:
    """Judge メタボリックシンドローム: waist first, then how many of pressure, fat and sugar.

    Source: 標準的な健診・保健指導プログラム.
    """
    found = _values(results)
    wide = found["腹囲(実測)"] >= (85 if share.known.gender == "male" else 90)
    risks = (
        (found["収縮期血圧(1回目)"] >= 130 or found["拡張期血圧(1回目)"] >= 85)
        + (found["空腹時中性脂肪(トリグリセリド)"] >= 150 or found["HDLコレステロール"] < 40)
        + (found["HbA1c(NGSP値)"] >= 6.0)
    )
    judged = (
        ("1", "基準該当")
        if wide and risks >= 2
        else ("2", "予備群該当")
        if wide and risks
        else ("3", "非該当")
    )
    made = _observation(share, "9N501000000000011", "メタボリックシンドローム判定", "survey", day)
    return [made | {"valueCodeableConcept": concept("", coding(METABOLIC, *judged))}]


def _answer(share: Share, item: tuple[str, str, str, tuple[tuple[str, str], ...]], day: str) -> Tree:
    code, name, system, options = item
    chosen = options[0] if drawn(10, share.key, name) < 3 else options[-1]
    made = _observation(share, code, name, "social-history", day)
    return made | {"valueCodeableConcept": concept("", coding(system, *chosen))}
