"""The comparison of servers: who is dealt to whom, what is asked, and what is said of which server."""

import sys
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parents[2]))
from bench.__main__ import arguments
from bench.base import EMBEDDED, Base
from bench.compare import costs, disk
from bench.drive import Figure
from bench.kinds import KINDS, changes, everything, history, searches
from bench.over_http import dealt
from bench.sizes import UNSIZED
from bench.wire import Target
from bench.work import Picked

from kakehashi.search.parse import parse_query

HERE = Target.of("http://127.0.0.1:1/fhir")
TOKENS = {"sakura": "t"}
PATIENT = Picked("sakura", "Patient", "p1", identifier="urn:s|1", family="山田", date="1970-01-02")
RESULT = Picked("sakura", "Observation", "o1", "p1", code="urn:l|8302-2", date="2026-01-02", value="153.0")
PICKED = [
    PATIENT,
    RESULT,
    *(Picked("sakura", kind, "x1", "p1") for kind in ("Encounter", "MedicationRequest")),
]


def target_of(ready: bytes) -> str:
    return ready.split(b" ", 2)[1].decode()


def test_each_of_the_ten_kinds_of_search_is_one_that_r4_has() -> None:
    """Asked strictly: a parameter that a server does not know would be passed over, and measured for nothing."""
    asked = dict(searches(HERE, TOKENS, PICKED))
    assert len(asked) == len(KINDS) == 10
    for name, requests in asked.items():
        assert requests, name
        url = urlsplit(target_of(requests[0]))
        query = parse_query(url.path.rpartition("/")[2], parse_qsl(url.query), strict=True)
        assert query.count == 20
        assert query.ignored == ()


def test_what_cannot_be_asked_of_a_resource_is_not_asked() -> None:
    of_patient = {name: len(requests) for name, requests in searches(HERE, TOKENS, [PATIENT])}
    assert of_patient["a person by identifier"] == 1
    assert of_patient["a code"] == 0
    assert len(everything(HERE, TOKENS, PICKED)) == 1
    assert len(history(HERE, TOKENS, PICKED)) == len(changes(HERE, TOKENS, PICKED)) == 4


@given(
    st.lists(st.tuples(st.sampled_from(["sakura", "aoba"]), st.booleans()), max_size=60), st.integers(1, 5)
)
def test_all_lines_are_dealt_and_a_patient_s_records_follow_the_patient(
    told: list[tuple[str, bool]], hands: int
) -> None:
    """A record whose Patient another connection has yet to send would be refused."""
    lines = [
        (
            site,
            (b'{"resourceType":"Patient"' if patient or not n else b'{"resourceType":"X"') + b',"n":%d}' % n,
        )
        for n, (site, patient) in enumerate(told)
    ]
    found = dealt(iter(lines), hands)
    assert sorted(line for hand in found for some in hand.values() for line in some) == sorted(
        line for _, line in lines
    )
    owner = 0
    for number, (site, line) in enumerate(lines):
        if b"Patient" in line:
            owner = number
        hand = next(hand for hand in found if line in hand.get(site, ()))
        assert any(lines[owner][1] in some for some in hand.values())


def test_what_is_said_of_a_server_belongs_to_the_base_before_it() -> None:
    said = (
        "--base embedded --base http://h/fhir --token T --process 7 --postgresql 8 --database postgresql://d"
    )
    assert arguments(said.split()).base == [
        Base(EMBEDDED),
        Base("http://h/fhir", "T", 7, 8, "postgresql://d"),
    ]


def test_a_token_without_a_base_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments(["--token", "T"])
    assert "--token belongs to the --base before it" in capsys.readouterr().err


def test_servers_are_filled_alike_so_there_is_one_size(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments("--base embedded --sizes 5k,50k".split())
    assert "one size" in capsys.readouterr().err


def test_processor_time_and_bytes_are_told_as_multiples_of_the_first_server() -> None:
    figures = [
        Figure("embedded", UNSIZED, "read", "requests", 8, 1.0, server=300, postgresql=100),
        Figure("there", UNSIZED, "read", "requests", 8, 1.0, server=1_500, postgresql=500),
    ]
    [line] = [line for line in costs(figures) if "read" in line]
    assert line.split()[-3:] == ["400", "2,000", "5.00"]
    [line] = [line for line in disk({"embedded": 1_500.0, "there": 12_000.0}) if "there" in line]
    assert line.split()[-2:] == ["12,000", "8.00"]
    assert list(disk({"embedded": 1_500.0})) == []
