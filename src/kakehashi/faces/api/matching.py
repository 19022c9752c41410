"""Patient/$match. Source: https://hl7.org/fhir/R4/patient-operation-match.html"""

import orjson

from kakehashi.engines.matching.match import MOST, Match, match
from kakehashi.faces.api.answer import Answer
from kakehashi.faces.api.bundle import bundle
from kakehashi.faces.api.call import Call
from kakehashi.faces.api.given import bad, given

_KNOWN = ("resource", "onlyCertainMatches", "count")
_GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"


async def of_patient(call: Call) -> Answer:
    """POST [base]/Patient/$match with Parameters (resource, onlyCertainMatches, count), or with the Patient itself."""
    asked = await given(call, _KNOWN, whole="resource", whole_type="Patient")
    patient = asked.resource("resource", "Patient")
    if patient is None:
        raise bad("resource", "Parameters.parameter.resource (Patient)")
    most = asked.number("count")
    if most is not None and not 0 < most <= MOST:
        raise bad("count", f"1–{MOST}")
    found = await match(
        call.house, call.asked, patient, most=most or MOST, certain=asked.flag("onlyCertainMatches")
    )
    links = [("self", f"{call.api.base}/Patient/$match")]
    entries = (_entry(call.api.base, one) for one in found)
    return Answer(200, bundle("searchset", entries, links=links, total=len(found)))


def _entry(base: str, one: Match) -> bytes:
    said = {
        "extension": [{"url": _GRADE, "valueCode": one.grade.value}],
        "mode": "match",
        "score": one.score,
    }
    head = b'{"fullUrl":"%b/Patient/%b","resource":' % (base.encode(), one.row.id.encode())
    return head + one.row.body + b',"search":' + orjson.dumps(said) + b"}"
