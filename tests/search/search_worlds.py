"""Small random worlds of resources that refer to each other, and random searches in the same few words."""

from typing import Any

from hypothesis import strategies as st
from search_engines import EVERYTHING, NOON, held

from kakehashi.core.kinds import Kind
from kakehashi.core.window import Pane, Window

SYSTEMS = ["http://loinc.org", "urn:oid:1.2.392.200119.4.1005"]
CODES = ["718-7", "8480-6", "A"]
NAMES = ["山田", "山本", "やまだ", "ヤマダ", "林", "小林", "Müller", "muller", "山田 太郎"]
DATES = [
    "2023",
    "2024",
    "2024-02",
    "2024-02-29",
    "2024-03-01",
    "2024-02-29T10:00:00+09:00",
    "2024-02-29T01:00:00.5Z",
]
NUMBERS = [0, 5, 5.4, 5.35, -1, 120, 140]
UNITS = ["mg", "mmHg"]
UCUM = "http://unitsofmeasure.org"
URLS = [
    "http://a.example/fhir/ValueSet/1",
    "http://a.example/fhir",
    "http://a.example/fhir/ValueSet/1|2",
    "urn:oid:1.2",
]
PEOPLE = ["p1", "p2"]
KEYS = ["p1", "p2", "x3", "x4"]


def maybe(name: str, value: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An element that is absent now and then."""
    there = value.map(lambda one: {name: one})
    return st.one_of(there, there, there, st.just({}))


def merged(*parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """One object of all the parts."""
    return st.tuples(*parts).map(lambda found: {k: v for part in found for k, v in part.items()})


def few(one: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """One or two."""
    return st.lists(one, min_size=1, max_size=2)


coding = merged(
    maybe("system", st.sampled_from(SYSTEMS)),
    maybe("code", st.sampled_from(CODES)),
    maybe("display", st.sampled_from(NAMES)),
)
concept = merged(maybe("coding", few(coding)), maybe("text", st.sampled_from(NAMES)))
identifier = merged(
    maybe("system", st.sampled_from(SYSTEMS)), maybe("value", st.sampled_from(CODES)),
    maybe("type", st.just({"coding": [{"system": SYSTEMS[0], "code": "MR"}]})),
)  # fmt: skip
date = st.sampled_from(DATES)
period = merged(maybe("start", date), maybe("end", date))
quantity = merged(
    maybe("value", st.sampled_from(NUMBERS)), maybe("code", st.sampled_from(UNITS)), maybe("system", st.just(UCUM)),
    maybe("unit", st.sampled_from(UNITS)), maybe("comparator", st.sampled_from(["<", "<=", ">", ">="])),
)  # fmt: skip


def reference(*types: str) -> st.SearchStrategy[dict[str, Any]]:
    """A reference: literal, logical or by URL."""
    literal = st.tuples(st.sampled_from(types), st.sampled_from(PEOPLE)).map(
        lambda f: {"reference": "/".join(f)}
    )
    return st.one_of(
        literal,
        literal,
        identifier.map(lambda one: {"identifier": one}),
        st.just({"reference": "urn:uuid:1"}),
    )


component = merged(
    st.just({"code": {"coding": [{"code": "8480-6"}]}}),
    maybe("code", concept),
    maybe("valueQuantity", quantity),
)
BODIES = {
    "Patient": merged(
        maybe("name", few(merged(maybe("family", st.sampled_from(NAMES)), maybe("text", st.sampled_from(NAMES))))),
        maybe("gender", st.sampled_from(["male", "female"])), maybe("birthDate", st.sampled_from(DATES[:5])),
        maybe("identifier", few(identifier)), maybe("managingOrganization", reference("Organization")),
        maybe("deceasedBoolean", st.booleans()),
    ),
    "Organization": merged(maybe("name", st.sampled_from(NAMES)), maybe("partOf", reference("Organization"))),
    "Observation": merged(
        maybe("status", st.sampled_from(["final", "preliminary"])), maybe("code", concept),
        maybe("subject", reference("Patient", "Group")), maybe("encounter", reference("Encounter")),
        st.one_of(maybe("effectiveDateTime", date), maybe("effectivePeriod", period)),
        st.one_of(maybe("valueQuantity", quantity), maybe("valueCodeableConcept", concept)),
        maybe("component", few(component)),
    ),
    "Encounter": merged(maybe("subject", reference("Patient")), maybe("period", period), maybe("class", coding)),
    "RiskAssessment": merged(
        maybe("subject", reference("Patient")),
        maybe("prediction", few(maybe("probabilityDecimal", st.sampled_from([0.1, 0.25, 0.5])))),
    ),
    "ValueSet": merged(maybe("url", st.sampled_from(URLS)), maybe("name", st.sampled_from(NAMES))),
}  # fmt: skip


@st.composite
def worlds(draw: st.DrawFn) -> list[Any]:
    """Some resources of each type, of several people, kinds and institutions."""
    rows: dict[tuple[str, str], Any] = {}
    for kind, key in draw(st.permutations([(kind, key) for kind in sorted(BODIES) for key in KEYS]))[:16]:
        tree = {"resourceType": kind, "id": key, **draw(BODIES[kind])}
        rows[kind, key] = held(
            tree, person=draw(st.integers(1, 2)), kind=draw(st.sampled_from([Kind.LAB, Kind.VISIT])),
            custodian=draw(st.integers(1, 2)), flags=draw(st.sampled_from([0, 2])),
            changed_at=NOON.replace(minute=draw(st.integers(0, 3))),
        )  # fmt: skip
    return list(rows.values())


panes = st.builds(
    Pane, kinds=st.sampled_from([Kind.LAB.bit, Kind.LAB.bit | Kind.VISIT.bit]),
    persons=st.sampled_from([None, frozenset({1}), frozenset({1, 2})]),
    custodians=st.sampled_from([None, frozenset({2})]), hidden=st.sampled_from([0, 2]),
)  # fmt: skip
windows = st.one_of(
    st.just(EVERYTHING), st.builds(Window, st.lists(panes, min_size=1, max_size=2).map(tuple))
)

_PREFIXES = st.sampled_from(["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"])


def _prefixed(values: list[Any]) -> st.SearchStrategy[str]:
    return st.tuples(_PREFIXES, st.sampled_from(values)).map(lambda f: f"{f[0]}{f[1]}")


_dates = _prefixed([d for d in DATES if "+" not in d])
_numbers = _prefixed(["5", "5.4", "5.40", "1e2", "0", "-1", "130", "0.25"])
_quantities = st.tuples(_numbers, st.sampled_from(["", f"|{UCUM}|mg", "||mmHg", "||mg"])).map("".join)
_tokens = st.sampled_from(
    ["718-7", "8480-6", "A", f"{SYSTEMS[0]}|718-7", f"{SYSTEMS[0]}|", "|718-7", "718-7,A"]
)
_codes = st.sampled_from(["718-7", "8480-6", f"{SYSTEMS[0]}|718-7", "|8480-6"])
_names = st.sampled_from(["山", "山田", "ヤマダ", "やま", "太郎", "林", "mull", "ü", "山田 太", "山,林,や"])
_missing = st.sampled_from(["true", "false"])
_ids = st.sampled_from(["p1", "Patient/p1", "Patient/p2", "Group/p1", "urn:uuid:1"])

QUESTIONS: dict[str, list[tuple[str, st.SearchStrategy[str]]]] = {
    "Patient": [
        ("name", _names), ("name:contains", _names), ("name:exact", st.sampled_from(NAMES)), ("phonetic", _names),
        ("family:missing", _missing), ("gender", st.sampled_from(["male", "http://hl7.org/fhir/administrative-gender|male"])),
        ("gender:not", st.just("male")), ("birthdate", _dates), ("identifier", _tokens), ("deceased", _missing),
        ("identifier:of-type", st.just(f"{SYSTEMS[0]}|MR|718-7")), ("_id", st.sampled_from(["p1", "p1,x3"])),
        ("organization", st.just("p1")), ("birthdate:missing", _missing),
        ("_lastUpdated", _prefixed(["2024-02-29T03:01Z"])),
    ],
    "Organization": [("name", _names), ("partof", st.just("Organization/p2")), ("name:missing", _missing)],
    "Observation": [
        ("code", _tokens), ("code:not", _tokens), ("code:text", _names),
        ("status", st.sampled_from(["final", "preliminary"])),
        ("combo-code", _tokens), ("subject", _ids), ("patient", st.just("p1")), ("subject:Patient", st.just("p1")),
        ("subject:identifier", _tokens), ("subject:missing", _missing), ("patient:missing", _missing), ("date", _dates),
        ("date:missing", _missing), ("value-quantity", _quantities), ("combo-value-quantity", _quantities),
        ("value-concept", _tokens), ("code-value-quantity", st.tuples(_codes, _quantities).map("$".join)),
        ("component-code-value-quantity", st.tuples(_codes, _quantities).map("$".join)),
        ("combo-code-value-quantity", st.tuples(_codes, _quantities).map("$".join)),
        ("component-value-quantity", _quantities), ("component-value-quantity:missing", _missing),
    ],
    "Encounter": [("class", _tokens), ("date", _dates), ("subject", _ids), ("date:missing", _missing)],
    "RiskAssessment": [("probability", _numbers), ("probability:missing", _missing), ("patient", st.just("p2"))],
    "ValueSet": [
        (f"url{how}", st.sampled_from([u.replace("|", "\\|") for u in URLS])) for how in ("", ":below", ":above")
    ] + [("name:contains", _names)],
}  # fmt: skip
CHAINS = {
    ("Observation", "subject:Patient"): "Patient", ("Observation", "patient"): "Patient",
    ("Observation", "encounter"): "Encounter", ("Encounter", "subject"): "Patient",
    ("Patient", "organization"): "Organization", ("Organization", "partof"): "Organization",
}  # fmt: skip
REVERSES = {
    ("Patient", "Observation:patient"): "Observation", ("Patient", "Encounter:subject"): "Encounter",
    ("Encounter", "Observation:encounter"): "Observation", ("Organization", "Patient:organization"): "Patient",
}  # fmt: skip
SORTS = {
    "Patient": ["birthdate", "-birthdate", "name", "-name", "gender", "_id", "-_lastUpdated"],
    "Observation": [
        "date",
        "-date",
        "-status",
        "value-quantity",
        "-combo-value-quantity",
        "_lastUpdated,-date",
    ],
    "RiskAssessment": ["probability", "-probability"],
}


EVERY_QUESTION = [(kind, question) for kind, found in QUESTIONS.items() for question in found]
EVERY_LINK = [(kind, f"{name}.", to) for (kind, name), to in CHAINS.items()]
EVERY_LINK += [(kind, f"_has:{name}:", to) for (kind, name), to in REVERSES.items()]


@st.composite
def plain_pairs(draw: st.DrawFn, resource_type: str) -> tuple[str, str]:
    """One name and value for a type, without a chain."""
    name, values = draw(st.sampled_from(QUESTIONS[resource_type]))
    return name, draw(values)


@st.composite
def linked(draw: st.DrawFn) -> tuple[str, tuple[str, str]]:
    """A type, and a name and value for it by one or two links (chains, `_has`)."""
    kind, prefix, to = draw(st.sampled_from(EVERY_LINK))
    further = [link for link in EVERY_LINK if link[0] == to]
    if further and draw(st.booleans()):
        _, second, to = draw(st.sampled_from(further))
        prefix += second
    name, value = draw(plain_pairs(to))
    return kind, (prefix + name, value)


@st.composite
def searches(draw: st.DrawFn) -> tuple[str, list[tuple[str, str]]]:
    """A type and one or two conditions, perhaps sorted, in small pages."""
    if draw(st.integers(0, 2)):
        resource_type, (name, values) = draw(st.sampled_from(EVERY_QUESTION))
        found = [(name, draw(values))]
    else:
        resource_type, pair = draw(linked())
        found = [pair]
    if not draw(st.integers(0, 3)):
        found.append(draw(plain_pairs(resource_type)))
    if resource_type in SORTS and draw(st.booleans()):
        found.append(("_sort", draw(st.sampled_from(SORTS[resource_type]))))
    return resource_type, [*found, ("_count", str(draw(st.integers(1, 4))))]
