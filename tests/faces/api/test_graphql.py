"""$graphql: what R4's GraphQL says is there, and told as the same reads and searches tell it."""

import subprocess
import sys
from urllib.parse import quote

import pytest
from api_words import BASE, MIDORI, Caller, Json, Region, lab, patient
from graphql_words import ask, data, rules_of, wrong

from kakehashi.core.actors import Role

NAMES = [
    {"use": "official", "text": "見本 太郎", "family": "見本", "given": ["太郎", "二郎"]},
    {"use": "nickname", "given": ["タロ"]},
]


@pytest.fixture
async def hanako(sakura: Caller) -> str:
    """A synthetic patient with two names: `Patient/…`."""
    return "Patient/" + await sakura.made({**patient("G1"), "name": NAMES, "active": True})


def of(reference: str) -> str:
    return reference.removeprefix("Patient/")


async def test_a_resource_is_found_by_its_id_in_every_way_of_asking(sakura: Caller, hanako: str) -> None:
    query = f'{{ Patient(id: "{of(hanako)}") {{ id resourceType birthDate name {{ family given }} }} }}'
    wanted = {
        "Patient": {
            "id": of(hanako),
            "resourceType": "Patient",
            "birthDate": "1970-01-01",
            "name": [{"family": "見本", "given": ["太郎", "二郎"]}, {"family": None, "given": ["タロ"]}],
        }
    }
    assert await data(sakura, query) == wanted
    plain = await sakura.post("/fhir/$graphql", query, content_type="application/graphql")
    asked = await sakura.get(f"/fhir/$graphql?query={quote(query)}")
    form = {"resourceType": "Parameters", "parameter": [{"name": "query", "valueString": query}]}
    whole = await sakura.post("/fhir/$graphql", form)
    for answer in (plain, asked, whole):
        assert answer.json() == {"data": wanted}
    named = "query Other { __typename } query This($id: String!) { Patient(id: $id) { id } }"
    body = {"query": named, "operationName": "This", "variables": {"id": of(hanako)}}
    chosen = await sakura.post("/fhir/$graphql", body, content_type="application/json")
    assert chosen.json() == {"data": {"Patient": {"id": of(hanako)}}}
    on = '{ name(use: "official") { text } active }'
    assert await data(sakura, on, hanako) == {"name": [{"text": "見本 太郎"}], "active": True}


async def test_lists_are_narrowed_by_members_paths_and_pages(sakura: Caller, hanako: str) -> None:
    cases = (
        ("name(use: official) { use }", [{"use": "official"}]),
        ('name(use: "nickname") { use }', [{"use": "nickname"}]),
        ("name(use: old) { use }", []),
        ('name(fhirpath: "family.exists()") { use }', [{"use": "official"}]),
        ("name(_count: 1) { use }", [{"use": "official"}]),
        ("name(_offset: 1) { use }", [{"use": "nickname"}]),
        ("name(_offset: 5, _count: 2) { use }", []),
        ("name(use: official) { given(_offset: 1) }", [{"given": ["二郎"]}]),
    )
    for fields, found in cases:
        assert await data(sakura, f"{{ {fields} }}", hanako) == {"name": found}, fields
    for bad in (
        'name(fhirpath: "family.(") { use }',
        'name(fhirpath: "toast()") { use }',
        "name(_count: -1) { use }",
    ):
        told = await ask(sakura, f"{{ {bad} }}", hanako)
        assert told["data"] == {"name": None}
        assert rules_of(told)[0] in ("graphql.fhirpath", "graphql.argument")


async def test_a_list_is_the_search_of_the_same_parameters(sakura: Caller, hanako: str) -> None:
    made = [await sakura.made(lab(hanako, code="gq-1", value=value)) for value in (1, 2, 3)]
    await sakura.made(lab(hanako, code="gq-2"))
    query = "ObservationList(patient: $p, code: $c, _sort: $s, _count: 2) { id valueQuantity { value } }"
    declared = "query($p: String, $c: [String], $s: String)"
    variables = {"p": hanako, "c": ["gq-1"], "s": "value-quantity"}
    found = await data(sakura, f"{declared} {{ {query} }}", **variables)
    assert [one["id"] for one in found["ObservationList"]] == made[:2]
    nothing = '{ ObservationList(value_quantity: "gt99", code: "gq-1") { id } }'
    assert await data(sakura, nothing) == {"ObservationList": []}
    assert await wrong(sakura, '{ ObservationList(date: "soon") { id } }') == ["search.value"]
    assert await wrong(sakura, '{ ObservationList(shoe: "9") { id } }') == ["graphql.validation"]


async def test_a_connection_leads_from_page_to_page(sakura: Caller, midori: Caller, hanako: str) -> None:
    made = {await sakura.made(lab(hanako, code="gq-page")) for _ in range(5)}
    fields = "count pagesize offset next edges { mode resource { id } }"
    query = f'ObservationConnection(code: "gq-page", _count: 2, _cursor: $c) {{ {fields} }}'
    seen: list[str] = []
    cursor = None
    for _ in range(3):
        page = (await data(sakura, f"query($c: String) {{ {query} }}", c=cursor))["ObservationConnection"]
        assert (page["count"], page["pagesize"]) == (5, 2)
        seen += [one["resource"]["id"] for one in page["edges"]]
        cursor = page["next"]
        stolen = await ask(midori, f"query($c: String) {{ {query} }}", c=cursor) if cursor else None
        assert stolen is None or rules_of(stolen) == ["search.value"]
    assert (cursor, set(seen), len(seen)) == (None, made, 5)


async def test_references_are_followed_and_followed_back(sakura: Caller, hanako: str) -> None:
    name = await sakura.made(lab(hanako))
    query = "{ subject { reference resource { resourceType ... on Patient { gender } } } }"
    assert await data(sakura, query, f"Observation/{name}") == {
        "subject": {"reference": hanako, "resource": {"resourceType": "Patient", "gender": "male"}}
    }
    back = "{ ObservationList(_reference: patient) { id subject { resource { id } } } }"
    assert await data(sakura, back, hanako) == {
        "ObservationList": [{"id": name, "subject": {"resource": {"id": of(hanako)}}}]
    }
    narrowed = '{ ObservationList(_reference: "subject", code: "none-such") { id } }'
    assert await data(sakura, narrowed, hanako) == {"ObservationList": []}
    page = "{ ObservationConnection(_reference: patient, _count: 1) { count edges { resource { id } } } }"
    assert await data(sakura, page, hanako) == {
        "ObservationConnection": {"count": 1, "edges": [{"resource": {"id": name}}]}
    }
    other = await ask(sakura, "{ ObservationList(_reference: code) { id } }", hanako)
    assert rules_of(other) == ["graphql.argument"]
    kinds = "{ subject { resource(type: Device) { id } } }"
    assert await data(sakura, kinds, f"Observation/{name}") == {"subject": {"resource": None}}


async def test_what_a_reference_does_not_lead_to_is_an_error_unless_it_is_optional(
    sakura: Caller, hanako: str
) -> None:
    made = lab(hanako, performer=[{"reference": "Practitioner/none"}, {"display": "だれか"}])
    made["specimen"] = {"reference": "#s"}
    made["contained"] = [{"resourceType": "Specimen", "id": "s", "note": [{"text": "中"}]}]
    on = "Observation/" + await sakura.made(made)
    told = await ask(sakura, "{ status performer { resource { id } } }", on)
    assert told["data"] == {"status": "final", "performer": [{"resource": None}, {"resource": None}]}
    assert {tuple(one["path"][:2]) for one in told["errors"]} == {("performer", 0), ("performer", 1)}
    assert set(rules_of(told)) == {"graphql.not-found", "graphql.reference"}
    optional = "{ performer { resource(optional: true) { id } } }"
    assert await data(sakura, optional, on) == {"performer": [{"resource": None}, {"resource": None}]}
    inside = "{ specimen { resource { ... on Specimen { note { text } } } } contained { resourceType } }"
    assert await data(sakura, inside, on) == {
        "specimen": {"resource": {"note": [{"text": "中"}]}},
        "contained": [{"resourceType": "Specimen"}],
    }


async def test_the_shape_of_an_answer_is_as_its_directives_say(sakura: Caller, hanako: str) -> None:
    cases = (
        ("name @flatten { given use }", {"given": ["太郎", "二郎", "タロ"], "use": ["official", "nickname"]}),
        ("name @first { use }", {"name": {"use": "official"}}),
        ("name @flatten @first { family given @first }", {"family": "見本", "given": "太郎"}),
        ("name(use: official) @flatten { family @singleton }", {"family": "見本"}),
        ("name @flatten { g: given }", {"g": ["太郎", "二郎", "タロ"]}),
        (
            'name @slice(path: "use") { text }',
            {"name.official": {"text": "見本 太郎"}, "name.nickname": {"text": None}},
        ),
        ('name @flatten @slice(path: "$index") { use }', {"use.0": "official", "use.1": "nickname"}),
        ("name @skip(if: true) { use } active @include(if: true)", {"active": True}),
    )
    for fields, found in cases:
        assert await data(sakura, f"{{ {fields} }}", hanako) == found, fields
    twice = await ask(sakura, "{ name @flatten { use @singleton } }", hanako)
    assert rules_of(twice) == ["graphql.singleton"]
    deep = "query($id: ID) { PatientList(_id: $id) @flatten @first { name @flatten { family } } }"
    assert await data(sakura, deep, id=of(hanako)) == {"family": ["見本"]}
    followed = (
        "{ ObservationList(_reference: patient) @flatten { subject @flatten { resource @flatten { id } } } }"
    )
    await sakura.made(lab(hanako))
    assert await data(sakura, followed, hanako) == {"id": [of(hanako)]}


async def test_primitives_keep_their_digits_and_their_extensions(sakura: Caller, hanako: str) -> None:
    body = lab(hanako)
    body["_effectiveDateTime"] = {"extension": [{"url": "urn:x", "valueString": "約"}]}
    made = (await sakura.post("/fhir/Observation", str_of(body, "13.5", "13.50"))).json()["id"]
    inner = "valueQuantity { value } _effectiveDateTime { extension { valueString } }"
    query = f'{{ Observation(id: "{made}") {{ {inner} }} }}'
    answer = await sakura.post("/fhir/$graphql", {"query": query}, content_type="application/json")
    assert '"value":13.50' in answer.text
    assert answer.json()["data"]["Observation"]["_effectiveDateTime"] == {
        "extension": [{"valueString": "約"}]
    }


def str_of(body: Json, old: str, new: str) -> bytes:
    import orjson

    return orjson.dumps(body).replace(old.encode(), new.encode())


async def test_hidden_and_missing_are_told_alike_and_consent_opens(
    region: Region, sakura: Caller, taro: str
) -> None:
    name = await sakura.made(lab(taro, code="gq-hidden"))
    doctor = await region.caller(MIDORI, Role.DOCTOR)
    for asked in (name, "none-such"):
        told = await ask(doctor, "query($id: ID!) { Observation(id: $id) { id code { text } } }", id=asked)
        assert told["data"] == {"Observation": None}
        assert rules_of(told) == ["graphql.not-found"]
        assert asked not in str(told)
    search = '{ ObservationList(code: "gq-hidden") { id } }'
    assert await data(doctor, search) == {"ObservationList": []}
    theirs = await doctor.get(f"/fhir/{taro}/$graphql?query={quote('{id}')}")
    missing = await doctor.get(f"/fhir/Patient/none/$graphql?query={quote('{id}')}")
    assert (theirs.status_code, theirs.content) == (404, missing.content)
    await region.consent(of(taro), MIDORI)
    opened = "query($id: ID!) { Observation(id: $id) { id subject { resource { id } } } }"
    assert await data(doctor, opened, id=name) == {
        "Observation": {"id": name, "subject": {"resource": {"id": of(taro)}}}
    }
    assert await data(doctor, "{ ObservationList(_reference: patient) { id } }", taro) == {
        "ObservationList": [{"id": name}]
    }


async def test_scopes_and_roles_hold_for_each_type(region: Region, sakura: Caller, taro: str) -> None:
    name = await sakura.made(lab(taro))
    narrow = await region.caller(scope="system/Observation.rs")
    query = "{ status subject { resource { id } } }"
    told = await ask(narrow, query, f"Observation/{name}")
    assert told["data"] == {"status": "final", "subject": {"resource": None}}
    assert rules_of(told) == ["roles.may"]
    assert await wrong(narrow, "{ PatientList { id } }") == ["roles.may"]
    assert await wrong(narrow, '{ ObservationList(_filter: "subject.name eq x") { id } }') != []
    person = await region.caller(role=Role.PERSON, person=await region.person_of(of(taro)))
    assert await data(person, query, f"Observation/{name}") == {
        "status": "final", "subject": {"resource": {"id": of(taro)}},
    }  # fmt: skip
    stranger = patient("S-stranger", family="他人")
    other = await sakura.made(stranger)
    assert (await ask(person, f'{{ Patient(id: "{other}") {{ id }} }}'))["data"] == {"Patient": None}


async def test_what_is_no_request_is_answered_as_fhir_does(sakura: Caller) -> None:
    for body, media, status in (
        ("", "application/json", 400),
        ("{", "application/json", 400),
        ("[]", "application/json", 400),
        ('{"query": 5}', "application/json", 400),
        ('{"query": "{__typename}", "variables": []}', "application/json", 200),
        ('{"query": "{__typename}", "variables": [1]}', "application/json", 400),
        ("query={__typename}", "application/x-www-form-urlencoded", 415),
        ("x" * 20_001, "application/graphql", 422),
        ("#" * (1 << 20) + "x", "application/graphql", 413),
    ):
        answer = await sakura.post("/fhir/$graphql", body or b"", content_type=media)
        assert answer.status_code == status, (body[:40], answer.text)
        if status != 200:
            assert answer.json()["resourceType"] == "OperationOutcome"
    assert (await sakura.get("/fhir/$graphql")).status_code == 400
    assert (await sakura.get("/fhir/Patient/$graphql?query={id}")).status_code == 404
    assert (await sakura.put("/fhir/$graphql", {})).status_code == 405


async def test_a_client_may_ask_for_the_media_type_of_graphql(sakura: Caller) -> None:
    own = "application/graphql-response+json"
    for query, status in (("{ __typename }", 200), ("{ nothing }", 400), ("{", 400)):
        answer = await sakura.post(
            "/fhir/$graphql", {"query": query}, content_type="application/json", accept=own
        )
        assert (answer.status_code, answer.headers["content-type"]) == (status, own)


async def test_it_only_reads_and_goes_in_no_circles(sakura: Caller) -> None:
    assert await wrong(sakura, "mutation { PatientDelete(id: 1) { id } }") == ["graphql.read-only"]
    circle = "{ ...A } fragment A on Query { PatientList { id } ...A }"
    assert "graphql.validation" in await wrong(sakura, circle)
    assert await wrong(sakura, "{" + "x{" * 25 + "id" + "}" * 26) == ["graphql.depth"]
    assert await wrong(sakura, "{") == ["graphql.syntax"]


async def test_in_a_batch_it_is_refused_since_it_is_answered_by_no_resource(sakura: Caller) -> None:
    asked = {"resourceType": "Bundle", "type": "batch", "entry": [
        {"request": {"method": "GET", "url": "$graphql?query={__typename}"}}]}  # fmt: skip
    [entry] = (await sakura.post("/fhir", asked)).json()["entry"]
    assert entry["response"]["status"].startswith("400")


async def test_the_statement_of_capabilities_names_the_operations(sakura: Caller) -> None:
    [rest] = (await sakura.get("/fhir/metadata")).json()["rest"]
    assert {"graphql", "process-message"} <= {one["name"] for one in rest["operation"]}
    [one] = [one for one in rest["resource"] if one["type"] == "Patient"]
    assert {"match", "graphql"} <= {operation["name"] for operation in one["operation"]}


def test_a_server_that_nobody_asks_for_graphql_does_not_read_it() -> None:
    script = "import sys, kakehashi.faces.app; sys.exit('graphql' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


async def test_the_schema_is_told(sakura: Caller, taro: str) -> None:
    query = '{ __type(name: "PatientContact") { kind fields { name type { name kind ofType { name } } } } }'
    fields = {one["name"]: one["type"] for one in (await data(sakura, query))["__type"]["fields"]}
    assert fields["name"] == {"name": "HumanName", "kind": "OBJECT", "ofType": None}
    assert fields["telecom"]["ofType"] == {"name": "ContactPoint"}
    types = (await data(sakura, "{ __schema { queryType { name } directives { name } } }"))["__schema"]
    assert {"flatten", "first", "singleton", "slice"} < {one["name"] for one in types["directives"]}
    assert await data(sakura, "{ __schema { queryType { name } } }", taro) == {
        "__schema": {"queryType": {"name": "Patient"}}
    }
    both = "{ __schema { queryType { name } } PatientList { id } }"
    assert await wrong(sakura, both) == ["graphql.introspection"]
    deep = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }"
    assert await wrong(sakura, deep) == ["graphql.validation"]
    assert BASE not in str(types)
