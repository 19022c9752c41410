"""What a reader may not see leaves no trace: two worlds that differ only in it answer every request alike.

Compared: status, headers and bytes of each answer, with the request's id and the clock held. The requests: reads,
versions, searches with chains, `_has`, `_include`, `_revinclude`, sorts, totals, pages to their end, histories,
`$everything`, conditional reads, batches. Not compared: a PUT under an id that a hidden row has; ids are unique.
KAKEHASHI_MORE_EXAMPLES says how many worlds are tried (2 a case unless told).
"""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from urllib.parse import quote

import asyncpg
import orjson
import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parents[1] / "faces" / "api"))
from api_words import KAEDE, MIDORI, SAKURA, Caller, Region, link
from worlds import HANAKO, JIRO, START, TAGS, Put, fill, observed, persons, someone, visible

from databases import as_owner, copy_of
from kakehashi.core.actors import Role
from kakehashi.core.kinds import Flag
from kakehashi.store.database import Database
from kakehashi.trust.signin import accounts

EXAMPLES = int(os.environ.get("KAKEHASHI_MORE_EXAMPLES", "2"))
Answers = dict[str, tuple[int, tuple[tuple[str, str], ...], bytes]]  # status, headers, body by what was asked
KEYS = b"\x07" * 32  # of both worlds, so that seals are the same

SEARCHES = [
    "Observation", "Observation?_total=accurate", "Observation?_count=2", "Observation?_sort=-date&_count=3",
    "Observation?_sort=_id&_count=2&_total=accurate", "Observation?code=718-7", "Observation?code:not=718-7",
    "Observation?subject=Patient/hanako-s", "Observation?patient=hanako-s,hanako-m", "Observation?patient=jiro-s",
    "Observation?subject:Patient.family=花田", "Observation?subject:Patient.birthdate=1980",
    "Observation?subject.family:contains=田&_total=accurate", "Observation?value-quantity=gt12",
    "Observation?_lastUpdated=gt2020-01-01", "Observation?derived-from:missing=true&_summary=count",
    "Patient", "Patient?_has:Observation:patient:code=718-7", "Patient?_has:Observation:patient:date=gt2026-10-03",
    "Patient?family=花田&_revinclude=Observation:subject", "Patient?_id=hanako-s&_revinclude=Observation:subject",
    "Observation?_include=Observation:subject", "Observation?_include:iterate=Observation:derived-from",
    "Observation?_include=*&_count=2", "Patient?_summary=count", "Patient?_total=accurate&_count=0",
    "Practitioner", "Patient?_id=jiro-s", "Observation?_id=h-0,h-1,m-1", "Condition", "Observation?_elements=code",
    "Observation?_content=検査", "Observation?_content=-検査&_total=accurate", "Observation?_text=尿&_summary=count",
    "Observation?_content=検査 or 花&_sort=-_score&_count=2&_total=accurate", "Patient?_content=花田",
    "Observation?_filter=subject:Patient.family co 花 or code eq 4548-4&_total=accurate", "Observation?_list=l-1",
    "Patient?_filter=_has:Observation:patient:code eq 718-7",
    "Patient?_filter=not (_has:Observation:patient:date ge 2020)",
    "Observation?_filter=not (derived-from[code eq 718-7].code pr true)&_total=accurate",
    "Patient?_has:Observation:patient:_content=検査", "Patient?_list=$current-problems",
    "Condition?_list=$current-problems",
    "Observation?_revinclude=Observation:derived-from", "Observation?_id=m-1&_revinclude=Observation:derived-from",
]  # fmt: skip
OTHERS = [
    "Observation/_history?_count=2", "_history?_count=3", "Patient/_history", "Observation/m-1/_history",
    "Observation/h-0", "Observation/h-1", "Observation/h-0/_history", "Observation/h-0/_history/1",
    "Patient/hanako-s",
    "Patient/jiro-s", "Patient/jiro-s/_history", "Patient/hanako-m/$everything?_count=3",
    "Patient/hanako-m/$everything",
    "Patient/hanako-s/$everything", "Patient/jiro-s/$everything", "Observation/m-1", "Patient/$everything",
    "Composition/none/$document", "Patient/hanako-m/$everything?_type=Observation&_since=2020-01-01",
]  # fmt: skip
GRAPHQL = [
    "{ObservationList(_count:5){id code{coding{code}} subject{resource(optional:true){...on Patient{name{family}}}}"
    " derivedFrom{resource(optional:true){...on Observation{id status}}}}}",
    '{ObservationConnection(code:"718-7",_count:2){count next edges{resource{id}}}}',
    '{a:Patient(id:"hanako-s"){name{family}} b:Patient(id:"jiro-s"){id} c:Observation(id:"h-0"){id status}'
    ' d:Observation(id:"m-1"){ObservationList(_reference:derived_from){id}}}',
    '{PatientList{id ObservationConnection(_reference:patient){count} ConditionList(_reference:subject){id}}}',
]  # fmt: skip
_CONDITIONAL = [
    {"if-none-match": 'W/"1"'}, {"if-modified-since": "Sat, 21 Nov 2026 00:00:00 GMT"},
]  # fmt: skip

NARROWED = "system/Observation.rs?category=laboratory " + " ".join(
    f"system/{kind}.rs" for kind in ("Patient", "Condition", "Practitioner", "Composition")
)

hidden_rows = st.lists(
    st.tuples(
        st.sampled_from(["hanako-s", "hanako-m", "jiro-s"]),
        st.sampled_from(["718-7", "4548-4"]),
        st.integers(1, 28),
        st.sampled_from(["", "m-1", "h-0"]),
        st.sampled_from([Flag.NONE, Flag.UNINFORMED, Flag.UNDELIVERED, Flag.WITHHELD, Flag.SUSPENDED]),
    ),
    min_size=1,
    max_size=5,
)


@dataclass
class Twins:
    """The world without the hidden rows, what it answers each reader, and its twin that gets them."""

    plain: dict[str, Answers]
    twin: Region
    readers: dict[str, Caller]
    admin: "asyncpg.Connection[asyncpg.Record]"

    async def tell_apart(self, who: str, rows: list[Put]) -> list[str]:
        """Put hidden rows into the twin, ask it everything, take them out again; return what it answers otherwise."""
        try:
            await fill(self.twin, rows, at=self.twin.clock.now)
            told = await answers(self.readers[who])
        finally:
            for table in ("resource", "resource_version"):
                await self.admin.execute(
                    f"DELETE FROM {table} WHERE id LIKE 'h-%' OR id IN ('jiro-s', 'l-1')"
                )
        plain = self.plain[who]
        return [path for path in plain.keys() | told.keys() if told.get(path) != plain.get(path)]


@asynccontextmanager
async def world(cluster: str, template: str, home: Path) -> AsyncIterator[tuple[Region, str]]:
    """A fresh region, and the URL of its database for the test's own hands."""
    (home / "keys").mkdir(parents=True, exist_ok=True)
    for file in ("pages.key", "seal.key"):
        (home / "keys" / file).write_bytes(KEYS)
        (home / "keys" / file).chmod(0o600)
    async with copy_of(cluster, template, "world") as url, await Database.open(url, connections=3) as db:
        region = await Region.start(db, home)
        async with region.client:
            await persons(region)
            yield region, as_owner(url)


async def readers_of(region: Region) -> dict[str, Caller]:
    """The readers, with the same account ids in every world."""
    await region.consent("hanako-m", MIDORI)
    numbers = count(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "new_id", lambda: f"00000000-0000-4000-8000-{next(numbers):012}")
        return {
            "institution": await region.caller(MIDORI),
            "pharmacist": await region.caller(KAEDE, Role.PHARMACIST),
            "consented doctor": await region.caller(MIDORI, Role.DOCTOR),
            "person": await region.caller(role=Role.PERSON, person=HANAKO),
            "narrowed": await region.caller(MIDORI, scope=NARROWED),
        }


@pytest.fixture(scope="module")
async def twins(
    cluster: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Twins]:
    """Both worlds, filled alike; the twin has a hidden row of Jiro's among the visible ones from the start."""
    whole, first = visible(), tmp_path_factory.mktemp("plain")
    async with world(cluster, template, first) as (plain, _):
        await fill(plain, whole)
        told = {who: await answers(caller) for who, caller in (await readers_of(plain)).items()}
    async with world(cluster, template, tmp_path_factory.mktemp("twin")) as (twin, url):
        await fill(twin, whole[:6])
        await fill(
            twin, [Put(someone("jiro-0", "次田"), JIRO, SAKURA), Put(observed("j-0", "jiro-0"), JIRO, SAKURA)]
        )
        await fill(twin, whole[6:], at=START + timedelta(seconds=6))
        admin = await asyncpg.connect(url)
        yield Twins(told, twin, await readers_of(twin), admin)
        await admin.close()


DIV = '<div xmlns="http://www.w3.org/1999/xhtml">尿検査</div>'


def hidden(drawn: list[tuple[str, str, int, str, Flag]], only: Flag | None) -> list[Put]:
    """Rows of 桜台 about Hanako and Jiro. `only`: every row carries this flag (else what was drawn)."""
    rows = [] if only else [Put(someone("jiro-s", "次田"), JIRO, SAKURA)]
    for number, (who, code, day, refers, flag) in enumerate(drawn):
        whose = JIRO if who == "jiro-s" and not only else HANAKO
        subject = who if not only else "hanako-s"
        more = {"derivedFrom": [{"reference": f"Observation/{refers}"}]} if refers else {}
        more |= {"note": [{"text": "尿検査"}], "text": {"status": "generated", "div": DIV}}
        body = observed(f"h-{number}", subject, code=code, on=f"2026-10-{day:02}", **more)
        if only is Flag.UNINFORMED:
            body["meta"] = {"tag": [{"system": TAGS, "code": "UNINFORMED"}]}
        rows.append(Put(body, whose, SAKURA, only or flag))
    if not only:  # a hidden List that names what is seen
        items = [{"item": {"reference": f"Observation/m-{day}"}} for day in (1, 2)]
        rows.append(
            Put({"resourceType": "List", "id": "l-1", "status": "current", "mode": "working", "entry": items,
                 "subject": {"reference": "Patient/jiro-s"}}, JIRO, SAKURA)
        )  # fmt: skip
    return rows


def unmet(drawn: list[tuple[str, str, int, str, Flag]]) -> list[Put]:
    """Vital signs that 緑町 wrote itself about Hanako: a filter for laboratory results leaves none of them."""
    rows = []
    for number, (_, code, day, refers, _) in enumerate(drawn):
        more = {"derivedFrom": [{"reference": f"Observation/{refers}"}]} if refers else {}
        body = observed(f"h-{number}", "hanako-m", code=code, on=f"2026-10-{day:02}", **more)
        body["category"][0]["coding"][0]["code"] = "vital-signs"
        rows.append(Put(body, HANAKO, MIDORI))
    return rows


async def answers(caller: Caller, *, pages: int = 12) -> Answers:
    """Everything that a reader can ask, and what came back, pages followed to their end."""
    told = {}
    asked = [(f"/fhir/{path}", {}) for path in (*SEARCHES, *OTHERS)]
    asked += [
        (f"/fhir/{path}", said) for path in ("Observation/h-0", "Observation/m-1") for said in _CONDITIONAL
    ]
    asked += [(f"/fhir/$graphql?query={quote(query)}", {}) for query in GRAPHQL]
    asked += [(f"/fhir/Patient/{who}/$graphql?query={{id}}", {}) for who in ("hanako-s", "jiro-s")]
    for path, said in asked:
        following: str | None = path
        for page in range(pages):
            answer = await caller.client.get(
                str(following),
                headers={"authorization": f"Bearer {caller.token}", "x-request-id": "fixed", **said},
            )
            told[f"{path} {said} {page}"] = (
                answer.status_code,
                tuple(answer.headers.items()),
                answer.content,
            )
            following = link(answer.json()) if answer.status_code == 200 else None
            if following is None:
                break
    batch = {"resourceType": "Bundle", "type": "batch", "entry": [
        {"request": {"method": "GET", "url": path}} for path in (*SEARCHES[:6], *OTHERS)]}  # fmt: skip
    answer = await caller.post("/fhir", orjson.dumps(batch), x_request_id="fixed")
    told["batch"] = (answer.status_code, tuple(answer.headers.items()), answer.content)
    return told


@pytest.fixture(scope="module", autouse=True)
def quiet() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))


_SLOW = settings(
    max_examples=EXAMPLES, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
Drawn = list[tuple[str, str, int, str, Flag]]


@pytest.mark.parametrize("who", ["institution", "pharmacist"])
@given(drawn=hidden_rows)
@_SLOW
async def test_another_institutions_records_leave_no_trace_without_consent(
    twins: Twins, who: str, drawn: Drawn
) -> None:
    assert await twins.tell_apart(who, hidden(drawn, None)) == []


@pytest.mark.parametrize("flag", [Flag.UNDELIVERED, Flag.WITHHELD, Flag.SUSPENDED])
@given(drawn=hidden_rows)
@_SLOW
async def test_what_is_held_back_leaves_no_trace_even_under_consent(
    twins: Twins, flag: Flag, drawn: Drawn
) -> None:
    assert await twins.tell_apart("consented doctor", hidden(drawn, flag)) == []


@pytest.mark.parametrize("flag", [Flag.UNINFORMED, Flag.UNDELIVERED, Flag.SUSPENDED])
@given(drawn=hidden_rows)
@_SLOW
async def test_what_a_person_was_not_told_leaves_no_trace_in_their_own_record(
    twins: Twins, flag: Flag, drawn: Drawn
) -> None:
    assert await twins.tell_apart("person", hidden(drawn, flag)) == []


@given(drawn=hidden_rows)
@_SLOW
async def test_what_no_filter_of_a_tokens_scopes_leaves_leaves_no_trace(twins: Twins, drawn: Drawn) -> None:
    assert await twins.tell_apart("narrowed", unmet(drawn)) == []


async def test_the_comparison_can_fail(twins: Twins) -> None:
    """A row that may be seen is seen: the worlds are told apart, so equal answers mean something."""
    row = Put(observed("h-0", "hanako-m"), HANAKO, MIDORI)
    apart = await twins.tell_apart("institution", [row])
    assert "/fhir/Observation/h-0 {} 0" in apart and "/fhir/Observation {} 0" in apart
    assert "/fhir/Observation/h-0 {} 0" in await twins.tell_apart("narrowed", [row])
