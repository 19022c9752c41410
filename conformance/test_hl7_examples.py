"""R4's own examples: stored under their ids, read back the same member by member in JSON and XML, and found.

They come in `com.ibm.fhir:fhir-examples` as HL7 published them. Patients that examples speak of and that are not among
them are made first: a record's person has to be known here.
"""

import json
import re
from collections.abc import Iterator, Sequence
from functools import cache, partial
from typing import Any

import httpx
import pytest
from fhirpathpy import evaluate
from fhirpathpy.models import models
from lxml import etree

import sources
from conftest import Tally
from kakehashi.fhir.xml import json_of, xml_of
from ledger import fault_of, judged
from persons import Json

sources.need(sources.EXAMPLES)
_TOGETHER = 40  # resources a batch
_LARGE = 500_000  # bytes: sent alone
_PATIENT = re.compile(rb'"(?:http://[^"]*/)?(Patient/[A-Za-z0-9.-]{1,64})"')
_XHTML = "{http://www.w3.org/1999/xhtml}"
_CONTACTS = (
    "phone",
    "fax",
    "email",
    "pager",
    "url",
    "sms",
    "other",
)  # ContactPoint.system is no system of codes
_OWN = ("versionId", "lastUpdated")
pytestmark = pytest.mark.timeout(600)


@cache
def _examples() -> list[tuple[str, Json, bytes]]:
    """Name, resource and bytes of each, Patients first."""
    found = [(name, json.loads(body), body) for name, body in sources.examples("json")]
    return sorted(
        (one for one in found if "resourceType" in one[1]),
        key=lambda one: one[1]["resourceType"] != "Patient",
    )


def _parts() -> Iterator[list[tuple[str, Json, bytes]]]:
    """The examples in parts: large ones alone, and none twice with the same type and id."""
    part: list[tuple[str, Json, bytes]] = []
    names: set[tuple[str, str]] = set()
    for one in _examples():
        name = (one[1]["resourceType"], one[1].get("id", one[0]))
        if part and (
            len(part) == _TOGETHER or name in names or len(one[2]) > _LARGE or len(part[-1][2]) > _LARGE
        ):
            yield part
            part, names = [], set()
        part.append(one)
        names.add(name)
    yield part


def _make_patients(plain: httpx.Client) -> None:
    told = {name.decode() for _, _, body in _examples() for name in _PATIENT.findall(body)}
    there = {f"Patient/{tree.get('id')}" for _, tree, _ in _examples() if tree["resourceType"] == "Patient"}
    entries = [
        _entry("PUT", name, {"resourceType": "Patient", "id": name[8:]}) for name in sorted(told - there)
    ]
    answer = plain.post("", json={"resourceType": "Bundle", "type": "batch", "entry": entries})
    assert all(one["response"]["status"].startswith("201") for one in answer.json()["entry"])


def _entry(method: str, url: str, resource: Json | None = None) -> Json:
    return {"request": {"method": method, "url": url}} | ({"resource": resource} if resource else {})


def _batch(plain: httpx.Client, entries: Sequence[Json], accept: str = "application/fhir+json") -> list[Json]:
    body = {"resourceType": "Bundle", "type": "batch", "entry": entries}
    answer = plain.post("", json=body, headers={"accept": accept})
    if answer.status_code != 200:
        return [{"response": {"status": str(answer.status_code)}, "text": answer.text}] * len(entries)
    told = json.loads(json_of(answer.content) if accept.endswith("xml") else answer.content)
    return list(told["entry"])


def _same(got: Json, sent: Json) -> bool:
    """Whether what came back is what was sent, but for what is the server's."""
    return _without_own(got) == _without_own(sent)


def _without_own(tree: Json) -> Json:
    meta = {name: value for name, value in tree.get("meta", {}).items() if name not in _OWN}
    own = ("meta", "id", *(("status", "error") if tree["resourceType"] == "Subscription" else ()))
    rest = {name: value for name, value in tree.items() if name not in own}
    return rest | ({"meta": meta} if meta else {})


def _fault_of(put: Json, read: Json, xml: Json, sent: Json) -> str:
    if put["response"]["status"][:3] not in ("200", "201"):
        issues = put["response"].get("outcome", {}).get("issue", [])
        told = [f"{one['details']['coding'][0]['code']} {one.get('expression')}" for one in issues[:3]]
        return f"{put['response']['status']} {told} {put.get('text', '')[:200]}"
    for form, one in (("JSON", read), ("XML", xml)):
        if "resource" not in one or not _same(one["resource"], sent):
            return f"not the same in {form}: {str(one)[:300]}"
    return ""


def _stored(plain: httpx.Client) -> Iterator[tuple[str, str]]:
    for part in _parts():
        wishes = [
            _entry("PUT", f"{tree['resourceType']}/{tree['id']}", tree)
            if "id" in tree
            else _entry("POST", tree["resourceType"], tree)
            for _, tree, _ in part
        ]
        puts = _batch(plain, wishes)
        places = [
            "/".join(one["response"].get("location", "x/none/none/none/none").split("/")[-4:-2])
            for one in puts
        ]
        reads = [_entry("GET", place) for place in places]
        answers = zip(
            part, puts, _batch(plain, reads), _batch(plain, reads, "application/fhir+xml"), strict=True
        )
        for (name, tree, _), put, read, xml in answers:
            yield f"{tree['resourceType']}/{name}", _fault_of(put, read, xml, tree)


def test_every_example_is_stored_and_read_back_the_same(plain: httpx.Client, tally: Tally) -> None:
    _make_patients(plain)
    results = list(_stored(plain))
    tally("hl7-examples", judged("hl7-examples", results))
    good = {case.rpartition("/")[2] for case, fault in results if not fault}
    tally("hl7-search", judged("hl7-search", _searched(plain, good)))


@cache
def _parameters() -> list[Json]:
    bundle = json.loads(dict(sources.examples("json"))["search-parameters.json"])
    return [one["resource"] for one in bundle["entry"]]


def _searched(plain: httpx.Client, good: set[str]) -> Iterator[tuple[str, str]]:
    """For each parameter of each type, one search by a value that fhirpathpy takes out of an example that has one.

    `good`: the files that were stored; of those with one id the last counts.
    """
    last = {
        (tree["resourceType"], tree.get("id")): (name, tree)
        for name, tree, body in _examples()
        if len(body) < _LARGE
    }
    by_type: dict[str, list[Json]] = {}
    for (kind, ident), (name, tree) in last.items():
        if ident and name in good:
            by_type.setdefault(kind, []).append(tree)
    for said in _parameters():
        for kind in said["base"]:
            found = _value(said, kind, by_type.get(kind, []))
            if found and (kind, said["code"]) != ("Subscription", "status"):  # the server's
                yield f"{kind}?{said['code']}", _not_found(plain, kind, said["code"], *found)


def _value(said: Json, kind: str, trees: list[Json]) -> tuple[str, str] | None:
    """The id of an example and a search value that must find it."""
    alone = [
        one.strip() for one in said.get("expression", "").split(" | ") if one.strip().startswith(f"{kind}.")
    ]
    for tree in trees[:12]:
        for path in alone:
            if "resolve()" in path or "(" in path.replace(" as ", ""):
                continue
            for value in evaluate(tree, path, {}, models["r4"]):
                if (text := _text(said["type"], value)) is not None:
                    return tree["id"], text
    return None


def _text(kind: str, value: Any) -> str | None:
    """A value as a search says it; None for one that this test does not say."""
    match kind, value:
        case "token", bool():
            return str(value).lower()
        case (("token" | "uri"), str()):
            return _escaped(value)
        case "token", {"system": str(system), "code": str(code)}:
            return f"{_escaped(system)}|{_escaped(code)}"
        case "token", {"system": str(system), "value": str(code)} if system in _CONTACTS:
            return _escaped(code)
        case "token", {"system": str(system), "value": str(code)}:
            return f"{_escaped(system)}|{_escaped(code)}"
        case "token", {"coding": [coding, *_]}:
            return _text(kind, coding)
        case "reference", {"reference": str(reference)} if not reference.startswith("#"):
            return reference
        case "quantity", {"value": int() | float() as number, "system": str(system), "code": str(code)}:
            return f"{number}|{system}|{code}"
        case "number", int() | float():
            return str(value)
        case "date", str() if value[:4].isdigit():
            return value
        case "string", str() if value.strip():
            return _escaped(value)
    return None


def _escaped(text: str) -> str:
    return re.sub(r"([\\$,|])", r"\\\1", text)


def _not_found(plain: httpx.Client, kind: str, code: str, name: str, value: str) -> str:
    answer = plain.get(
        kind, params={code: value, "_id": name, "_elements": "id"}, headers={"prefer": "handling=strict"}
    )
    if answer.status_code != 200:
        return f"{value}: {answer.text[:300]}"
    found = [one["resource"]["id"] for one in answer.json().get("entry", ())]
    return "" if found == [name] else f"{value}: {found} instead of {name}"


def _xml_both_ways() -> Iterator[tuple[str, str]]:
    for name, body in sources.examples("xml"):
        yield name, fault_of(partial(_same_xml, body))


def _same_xml(body: bytes) -> None:
    sent, got = etree.fromstring(body), etree.fromstring(xml_of(json_of(body)))
    assert not (found := _difference(sent, got)), found


def _difference(sent: etree._Element, got: etree._Element) -> str:
    """The first place where two trees differ; comments and the layout between elements count for nothing."""
    if (sent.tag, dict(sent.attrib)) != (got.tag, dict(got.attrib)):
        return f"{got.tag} {dict(got.attrib)} instead of {sent.tag} {dict(sent.attrib)}"
    if sent.tag.startswith(_XHTML):
        canonical = (
            etree.tostring(one, method="c14n", with_comments=False, with_tail=False) for one in (sent, got)
        )
        return "" if len(set(canonical)) == 1 else f"another narrative: {sent.tag}"
    ours, theirs = ([one for one in two if isinstance(one.tag, str)] for two in (got, sent))
    if len(ours) != len(theirs):
        return f"{len(ours)} instead of {len(theirs)} elements in {sent.tag}"
    return next((found for pair in zip(theirs, ours, strict=True) if (found := _difference(*pair))), "")


def test_the_examples_in_xml_come_back_the_same_from_json(tally: Tally) -> None:
    tally("hl7-xml", judged("hl7-xml", _xml_both_ways()))
