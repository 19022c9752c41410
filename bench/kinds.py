"""What is asked of a server beside reads: ten kinds of search, $everything, history. Each of what it really has."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final
from urllib.parse import urlencode

from bench.wire import Target, request
from bench.work import Picked, asking

A_PAGE: Final = 20  # resources
Pairs = dict[str, str]


def _code(one: Picked) -> Pairs:
    return {"code": one.code}


def _code_of_person(one: Picked) -> Pairs:
    return {"patient": f"Patient/{one.patient}", "code": one.code}


def _identifier(one: Picked) -> Pairs:
    return {"identifier": one.identifier}


def _name(one: Picked) -> Pairs:
    return {"family": one.family, "birthdate": one.date}


def _since(one: Picked) -> Pairs:
    return {"patient": f"Patient/{one.patient}", "date": f"ge{one.date}", "_sort": "-date"}


def _composite(one: Picked) -> Pairs:
    return {"code-value-quantity": f"{one.code}$ge{one.value}"}


def _include(one: Picked) -> Pairs:
    return {"patient": f"Patient/{one.patient}", "_include": "MedicationRequest:encounter"}


def _revinclude(one: Picked) -> Pairs:
    return {"_id": one.id, "_revinclude": "Condition:encounter"}


def _has(one: Picked) -> Pairs:
    return {"_has:Observation:patient:code": one.code}


def _two_steps(one: Picked) -> Pairs:
    return {"encounter.subject:Patient.identifier": one.identifier, "_include": "Observation:encounter"}


# what it is called, the type that is searched, of which picked resources it can be asked, its parameters
KINDS: Final[tuple[tuple[str, str, Callable[[Picked], object], Callable[[Picked], Pairs]], ...]] = (
    ("a code", "Observation", lambda one: one.code, _code),
    ("a person's values of a code", "Observation", lambda one: one.code and one.patient, _code_of_person),
    ("a person by identifier", "Patient", lambda one: one.identifier, _identifier),
    ("a person by name and birth date", "Patient", lambda one: one.family and one.date, _name),
    ("a person's results since, sorted", "Observation", lambda one: one.code and one.date, _since),
    ("composite: a code above a value", "Observation", lambda one: one.code and one.value, _composite),
    (
        "medicines, _include visits",
        "MedicationRequest",
        lambda one: one.type == "MedicationRequest",
        _include,
    ),
    ("a visit, _revinclude diagnoses", "Encounter", lambda one: one.type == "Encounter", _revinclude),
    ("_has: persons with a code", "Patient", lambda one: one.code, _has),
    ("chain of two steps with _include", "Observation", lambda one: one.identifier, _two_steps),
)


def searches(
    target: Target, tokens: dict[str, str], picked: Sequence[Picked]
) -> Iterator[tuple[str, list[bytes]]]:
    """Yield each kind of search with its requests; a page has 20 resources."""
    for name, of_type, can, pairs_of in KINDS:
        ready = [
            request(
                target,
                "GET",
                f"/{of_type}?{urlencode({**pairs_of(one), '_count': str(A_PAGE)})}",
                asking(tokens[one.site]),
            )
            for one in picked
            if can(one)
        ]
        yield name, ready


def everything(target: Target, tokens: dict[str, str], picked: Sequence[Picked]) -> list[bytes]:
    """Return the first page of $everything of each Patient."""
    return [
        request(target, "GET", f"/Patient/{one.id}/$everything?_count=100", asking(tokens[one.site]))
        for one in picked
        if one.type == "Patient"
    ]


def history(target: Target, tokens: dict[str, str], picked: Sequence[Picked]) -> list[bytes]:
    """Return the history of each resource."""
    return [
        request(target, "GET", f"/{one.type}/{one.id}/_history", asking(tokens[one.site])) for one in picked
    ]


def changes(target: Target, tokens: dict[str, str], picked: Sequence[Picked]) -> list[bytes]:
    """Return the newest changes of a type, asked for by each of some institutions."""
    kinds = dict.fromkeys((one.site, one.type) for one in picked)
    return [
        request(target, "GET", f"/{of_type}/_history?_count={A_PAGE}", asking(tokens[site]))
        for site, of_type in islice(kinds, 50)
    ]
