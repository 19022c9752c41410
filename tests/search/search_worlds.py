"""Small random worlds of resources that refer to each other, and random searches, mostly for what is in them."""

from random import Random

from search_engines import EVERYTHING, NOON, held
from search_making import Maker, choice, few, just, mapped, maybe, merged, one_of
from search_values import PREFIXES, both, found_in, said

from kakehashi.core.kinds import Kind
from kakehashi.core.window import Pane, Window
from kakehashi.fhir.indexing.parameters import COLUMNS, parameter
from kakehashi.search.memory import Held

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


WORDS = [
    "胃癌",
    "胃癌の手術",
    "尿検査",
    "尿",
    "血",
    "Warfarin 5mg",
    "warfarin錠5mg",
    "INR 2.0",
    "カルテ",
    "かるて 参照",
]
note = mapped(lambda text: [{"text": text}], choice(WORDS))
narrative = mapped(
    lambda first, second: {
        "status": "generated",
        "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{first}</p>&lt;<b>{second}</b>後</div>',
    },
    choice(WORDS),
    choice(WORDS),
)

coding = merged(
    maybe("system", choice(SYSTEMS)),
    maybe("code", choice(CODES)),
    maybe("display", choice(NAMES)),
)
concept = merged(maybe("coding", few(coding)), maybe("text", choice(NAMES)))
identifier = merged(
    maybe("system", choice(SYSTEMS)), maybe("value", choice(CODES)),
    maybe("type", just({"coding": [{"system": SYSTEMS[0], "code": "MR"}]})),
)  # fmt: skip
date = choice(DATES)
period = merged(maybe("start", date), maybe("end", date))
quantity = merged(
    maybe("value", choice(NUMBERS)), maybe("code", choice(UNITS)), maybe("system", just(UCUM)),
    maybe("unit", choice(UNITS)), maybe("comparator", choice(["<", "<=", ">", ">="])),
)  # fmt: skip


def reference(*types: str) -> Maker:
    """A reference: literal, logical or by URL."""
    literal = mapped(lambda kind, key: {"reference": f"{kind}/{key}"}, choice(types), choice(PEOPLE))
    logical = mapped(lambda one: {"identifier": one}, identifier)
    return one_of(literal, literal, literal, logical, just({"reference": "urn:uuid:1"}))


component = merged(
    just({"code": {"coding": [{"code": "8480-6"}]}}),
    maybe("code", concept),
    maybe("valueQuantity", quantity),
)
BODIES = {
    "Patient": merged(
        maybe("name", few(merged(maybe("family", choice(NAMES)), maybe("text", choice(NAMES))))),
        maybe("gender", choice(["male", "female"])), maybe("birthDate", choice(DATES[:5])),
        maybe("identifier", few(identifier)), maybe("managingOrganization", reference("Organization")),
        maybe("deceasedBoolean", choice([True, False])), maybe("text", narrative),
    ),
    "Organization": merged(maybe("name", choice(NAMES)), maybe("partOf", reference("Organization"))),
    "Observation": merged(
        maybe("status", choice(["final", "preliminary"])), maybe("code", concept),
        maybe("subject", reference("Patient", "Group")), maybe("encounter", reference("Encounter")),
        one_of(maybe("effectiveDateTime", date), maybe("effectivePeriod", period)),
        one_of(maybe("valueQuantity", quantity), maybe("valueCodeableConcept", concept)),
        maybe("component", few(component)), maybe("note", note), maybe("text", narrative),
    ),
    "Encounter": merged(maybe("subject", reference("Patient")), maybe("period", period), maybe("class", coding)),
    "RiskAssessment": merged(
        maybe("subject", reference("Patient")),
        maybe("prediction", few(maybe("probabilityDecimal", choice([0.1, 0.25, 0.5])))),
    ),
    "ValueSet": merged(maybe("url", choice(URLS)), maybe("name", choice(NAMES))),
}  # fmt: skip


def world(rng: Random) -> list[Held]:
    """Some resources of each type, of several people, kinds and institutions."""
    keys = [(kind, key) for kind in sorted(BODIES) for key in KEYS]
    return [
        held(
            {"resourceType": kind, "id": key, **BODIES[kind](rng)}, person=rng.choice((1, 2)),
            kind=rng.choice((Kind.LAB, Kind.VISIT)), custodian=rng.choice((1, 2)), flags=rng.choice((0, 2)),
            changed_at=NOON.replace(minute=rng.randint(0, 3)),
        )
        for kind, key in rng.sample(keys, 22)
    ]  # fmt: skip


def window(rng: Random) -> Window:
    """All that there is, as often as not; else one or two panes."""
    return EVERYTHING if rng.random() < 0.7 else Window(tuple(_pane(rng) for _ in range(rng.choice((1, 2)))))


def _pane(rng: Random) -> Pane:
    return Pane(
        kinds=rng.choice((Kind.LAB.bit, Kind.LAB.bit | Kind.VISIT.bit)),
        persons=rng.choice((None, frozenset({1}), frozenset({1, 2}))),
        custodians=rng.choice((None, frozenset({2}))), hidden=rng.choice((0, 2)),
    )  # fmt: skip


def _prefixed(values: list[str]) -> Maker:
    return mapped(lambda prefix, value: f"{prefix}{value}", choice(PREFIXES), choice(values))


def _joined(sign: str, *makers: Maker) -> Maker:
    return mapped(lambda *parts: sign.join(parts), *makers)


_dates = _prefixed([d for d in DATES if "+" not in d])
_numbers = _prefixed(["5", "5.4", "5.40", "1e2", "0", "-1", "130", "0.25"])
_quantities = _joined("", _numbers, choice(["", f"|{UCUM}|mg", "||mmHg", "||mg"]))
_tokens = choice(["718-7", "8480-6", "A", f"{SYSTEMS[0]}|718-7", f"{SYSTEMS[0]}|", "|718-7", "718-7,A"])
_codes = choice(["718-7", "8480-6", f"{SYSTEMS[0]}|718-7", "|8480-6"])
_names = choice(["山", "山田", "ヤマダ", "やま", "太郎", "林", "mull", "ü", "山田 太", "山,林,や"])
_missing = choice(["true", "false"])
_word = choice([
    "胃癌", "尿", "血", "癌の", "手術", "war", "w", "Warfarin", "arfarin", "5mg", "5", "カル", "2.0", "山", "mu",
    "田 太",
    "<", "検査後", '"warfarin 5"', "癌 -手術", "尿 or 血", "(尿 or 胃癌) and not 後", "尿\\,5", "718", "錠5",
])  # fmt: skip
_everywhere = [("_content", _word), ("_content", _word), ("_text", _word)]
_ids = choice(["p1", "Patient/p1", "Patient/p2", "Group/p1", "urn:uuid:1"])

QUESTIONS: dict[str, list[tuple[str, Maker]]] = {
    "Patient": [
        ("name", _names), ("name:contains", _names), ("name:exact", choice(NAMES)), ("phonetic", _names),
        ("family:missing", _missing), ("gender", choice(["male", "http://hl7.org/fhir/administrative-gender|male"])),
        ("gender:not", just("male")), ("birthdate", _dates), ("identifier", _tokens), ("deceased", _missing),
        ("identifier:of-type", just(f"{SYSTEMS[0]}|MR|718-7")), ("_id", choice(["p1", "p1,x3"])),
        ("organization", just("p1")), ("birthdate:missing", _missing),
        ("_lastUpdated", _prefixed(["2024-02-29T03:01Z"])),
    ],
    "Organization": [("name", _names), ("partof", just("Organization/p2")), ("name:missing", _missing)],
    "Observation": [
        ("code", _tokens), ("code:not", _tokens), ("code:text", _names),
        ("status", choice(["final", "preliminary"])),
        ("combo-code", _tokens), ("subject", _ids), ("patient", just("p1")), ("subject:Patient", just("p1")),
        ("subject:identifier", _tokens), ("subject:missing", _missing), ("patient:missing", _missing), ("date", _dates),
        ("date:missing", _missing), ("value-quantity", _quantities), ("combo-value-quantity", _quantities),
        ("value-concept", _tokens), ("code-value-quantity", _joined("$", _codes, _quantities)),
        ("component-code-value-quantity", _joined("$", _codes, _quantities)),
        ("combo-code-value-quantity", _joined("$", _codes, _quantities)),
        ("component-value-quantity", _quantities), ("component-value-quantity:missing", _missing),
    ],
    "Encounter": [("class", _tokens), ("date", _dates), ("subject", _ids), ("date:missing", _missing)],
    "RiskAssessment": [("probability", _numbers), ("probability:missing", _missing), ("patient", just("p2"))],
    "ValueSet": [
        (f"url{how}", choice([u.replace("|", "\\|") for u in URLS])) for how in ("", ":below", ":above")
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
    "Patient": ["birthdate", "-birthdate", "name", "-name", "gender", "_id", "-_lastUpdated", "-_score"],
    "Observation": [
        "date",
        "-date",
        "-status",
        "-_score",
        "_score,-date",
        "value-quantity",
        "-combo-value-quantity",
        "_lastUpdated,-date",
    ],
    "RiskAssessment": ["probability", "-probability"],
}


QUESTIONS["Patient"] += _everywhere
QUESTIONS["Observation"] += _everywhere
QUESTIONS["Organization"] += [("_content", _word)]
_organizations = choice(["Organization/p1", "Organization/p2", "x3", "Organization/x4"])
for _kind, _code in (("Patient", "organization"), ("Organization", "partof")):
    QUESTIONS[_kind] += [(f"{_code}:below", _organizations), (f"{_code}:above", _organizations)]

EVERY_QUESTION = [(kind, question) for kind, found in QUESTIONS.items() for question in found]
EVERY_LINK = [(kind, f"{name}.", to) for (kind, name), to in CHAINS.items()]
EVERY_LINK += [(kind, f"_has:{name}:", to) for (kind, name), to in REVERSES.items()]


class Asking:
    """Makes searches of a world."""

    def __init__(self, rng: Random, rows: list[Held]) -> None:
        self.rng, self.rows = rng, rows

    def pair(self, resource_type: str) -> tuple[str, str]:
        """One name and value for a type, without a chain; four of five values are taken from the rows."""
        name, values = self.rng.choice(QUESTIONS[resource_type])
        taken = self._taken(resource_type, name) if self.rng.random() < 0.8 else None
        return name, str(values(self.rng)) if taken is None else taken

    def _taken(self, resource_type: str, name: str) -> str | None:
        """A value of the parameter that the rows hold, or two of them."""
        code, _, modifier = name.partition(":")
        one = parameter(resource_type, code)
        if one is None or modifier == "missing" or code in COLUMNS:
            return None
        if one.both:
            return both(self.rng, resource_type, one.both, self.rows)
        there = found_in(self.rows, resource_type, code)
        picked = self.rng.sample(there, min(len(there), self.rng.choice([1, 1, 1, 2])))
        texts = [said(self.rng, of, "" if modifier == "not" else modifier, value) for of, value in picked]
        return ",".join(text for text in texts if text) or None

    def linked(self) -> tuple[str, tuple[str, str]]:
        """A type, and a name and value for it by one or two links (chains, `_has`)."""
        kind, prefix, to = self.rng.choice(EVERY_LINK)
        further = [link for link in EVERY_LINK if link[0] == to]
        if further and self.rng.random() < 0.3:
            _, second, to = self.rng.choice(further)
            prefix += second
        name, value = self.pair(to)
        return kind, (prefix + name, value)

    def search(self) -> tuple[str, list[tuple[str, str]]]:
        """A type and one or two conditions, perhaps sorted, in small pages."""
        if self.rng.random() < 0.7:
            resource_type = self.rng.choice(EVERY_QUESTION)[0]
            found = [self.pair(resource_type)]
        else:
            resource_type, pair = self.linked()
            found = [pair]
        if self.rng.random() < 0.2:
            found.append(self.pair(resource_type))
        if resource_type in SORTS and self.rng.random() < 0.5:
            found.append(("_sort", self.rng.choice(SORTS[resource_type])))
        return resource_type, [*found, ("_count", str(self.rng.randint(1, 4)))]
