"""Words for tests of terminology: a small made-up classification of diseases, sets of its codes, maps. All made up."""

from typing import Any
from urllib.parse import quote, urlencode

import httpx
from api_words import Caller

from kakehashi.fhir.parse import parse
from kakehashi.fhir.validate import validate

Json = dict[str, Any]
DISEASES = "http://example.jp/fhir/CodeSystem/diseases"
ALL = "http://example.jp/fhir/ValueSet/diseases"
METABOLIC = "http://example.jp/fhir/ValueSet/metabolic"
HEART = "http://example.jp/fhir/ValueSet/heart"
MAP = "http://example.jp/fhir/ConceptMap/to-old"
OLD = "http://example.jp/fhir/CodeSystem/old-diseases"


def diseases(version: str = "2026", **more: Any) -> Json:
    """A classification with headings, a retired code, two parents, and names in English."""
    return {
        "resourceType": "CodeSystem", "url": DISEASES, "version": version, "status": "active", "content": "complete",
        "name": "SampleDiseases", "language": "ja", "hierarchyMeaning": "is-a", "caseSensitive": True,
        "property": [
            {"code": "class", "type": "code"},
            {"code": "parent", "type": "code", "uri": "http://hl7.org/fhir/concept-properties#parent"},
            {"code": "old", "type": "boolean", "uri": "http://hl7.org/fhir/concept-properties#inactive"},
            {"code": "heading", "type": "boolean", "uri": "http://hl7.org/fhir/concept-properties#notSelectable"},
        ],
        "concept": [
            {
                "code": "E", "display": "代謝の疾患", "property": [{"code": "heading", "valueBoolean": True}],
                "concept": [
                    {
                        "code": "E10", "display": "１型糖尿病", "definition": "インスリン依存性",
                        "designation": [{"language": "en", "value": "Type 1 diabetes mellitus"}],
                        "property": [{"code": "class", "valueCode": "chronic"}],
                    },
                    {
                        "code": "E11", "display": "２型糖尿病",
                        "designation": [{"language": "en", "value": "Type 2 diabetes mellitus"}],
                        "property": [{"code": "class", "valueCode": "chronic"}],
                        "concept": [{"code": "E11.2", "display": "２型糖尿病性腎症",
                                     "property": [{"code": "parent", "valueCode": "N"}]}],
                    },
                    {"code": "E14", "display": "ﾄｳﾆｮｳﾋﾞｮｳ（詳細不明）",
                     "property": [{"code": "old", "valueBoolean": True}]},
                ],
            },
            {"code": "N", "display": "腎の疾患", "concept": [{"code": "N18", "display": "慢性腎臓病"}]},
            {"code": "I50", "display": "心不全", "designation": [{"language": "en", "value": "Heart failure"}]},
        ],
        **more,
    }  # fmt: skip


def value_set(url: str, *include: Json, **more: Any) -> Json:
    compose = {"include": list(include), **more.pop("compose", {})}
    return {"resourceType": "ValueSet", "url": url, "status": "active", "compose": compose, **more}


def of(op: str, value: str, name: str = "concept") -> Json:
    """An include with one filter."""
    return {"system": DISEASES, "filter": [{"property": name, "op": op, "value": value}]}


def to_old() -> Json:
    """A map to an older, coarser classification."""
    return {
        "resourceType": "ConceptMap", "url": MAP, "status": "active", "sourceUri": ALL, "targetUri": f"{OLD}-all",
        "group": [{
            "source": DISEASES, "target": OLD,
            "element": [
                {"code": "E10", "display": "１型糖尿病",
                 "target": [{"code": "250", "display": "糖尿病", "equivalence": "wider"}]},
                {"code": "E11", "target": [{"code": "250", "display": "糖尿病", "equivalence": "wider"}]},
                {"code": "N18", "target": [{"equivalence": "unmatched"}]},
                {"code": "I50", "target": [
                    {"code": "428.0", "equivalence": "equivalent",
                     "dependsOn": [{"property": "http://example.jp/side", "value": "left"}]},
                    {"code": "428", "equivalence": "wider"}]},
            ],
            "unmapped": {"mode": "fixed", "code": "999", "display": "不明"},
        }],
    }  # fmt: skip


async def ask(caller: Caller, path: str, **given: str | list[str]) -> httpx.Response:
    """GET [base]/path with parameters; `_` within a name stands for `-`."""
    pairs = {name[0] + name[1:].replace("_", "-"): value for name, value in given.items()}
    return await caller.get(f"/fhir/{path}?{urlencode(pairs, doseq=True, quote_via=quote)}")


async def told(caller: Caller, path: str, **given: str | list[str]) -> Json:
    """Return what a call with these parameters answers; it must go well."""
    answer = await ask(caller, path, **given)
    assert answer.status_code == 200, answer.text
    assert validate(parse(answer.content)) == [], "what is answered is R4 itself"
    body: Json = answer.json()
    return body


async def codes(caller: Caller, **given: str | list[str]) -> list[str]:
    """Return the codes of an expansion."""
    return listed(await told(caller, "ValueSet/$expand", **given))


def listed(expanded: Json) -> list[str]:
    return [one["code"] for one in expanded["expansion"].get("contains", [])]


def parameters(**given: Any) -> Json:
    """A Parameters resource: `code="…"`, `coding={…}`, `valueSet={…}`."""
    return {
        "resourceType": "Parameters",
        "parameter": [_parameter(name, value) for name, value in given.items()],
    }


def _parameter(name: str, value: Any) -> Json:
    match value:
        case {"resourceType": _}:
            return {"name": name, "resource": value}
        case {"coding": _}:
            return {"name": name, "valueCodeableConcept": value}
        case dict():
            return {"name": name, "valueCoding": value}
        case bool():
            return {"name": name, "valueBoolean": value}
        case int():
            return {"name": name, "valueInteger": value}
        case _:
            return {"name": name, "valueString": value}


def values(answer: Json, name: str = "") -> Any:
    """Return the parameters of an answer: by name where one is meant, else the first value of each."""
    found = {one["name"]: next((v for k, v in one.items() if k.startswith("value")), one.get("part")) for one in
             reversed(answer["parameter"])}  # fmt: skip
    return found.get(name) if name else found
