"""Consent that comes and goes while a reader turns pages (A4): each page obeys the moment in which it is asked for.

What a page must show is said by a model of a few lines: the records in order, less those behind the page's place, less
those that may not be seen now. KAKEHASHI_MORE_EXAMPLES says how many scripts are tried.
"""

import os
from dataclasses import dataclass, field
from itertools import count

from api_words import MIDORI, Caller, Json, Region, lab, link, patient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.core.kinds import PERSONAL_KINDS, Kind, kinds
from kakehashi.trust import consents, withholding
from kakehashi.trust.signin.setup import OPERATOR

EXAMPLES = int(os.environ.get("KAKEHASHI_MORE_EXAMPLES", "6"))
CLERK = Actor("clerk", Role.CLERK, MIDORI, Purpose.ADMINISTRATION)
RESULTS, PAGE = 6, 2  # of each person; on a page
_NUMBERS = count(1)

script = st.lists(
    st.tuples(
        st.sampled_from(["agree", "agree but not to results", "withdraw", "withhold", "release", "nothing"]),
        st.integers(0, 1),
        st.integers(0, RESULTS - 1),
    ),
    min_size=3,
    max_size=9,
)


@dataclass
class Person:
    """One person of 桜台, their results by day, what they agreed to at 緑町 and what they withhold."""

    region: Region
    key: int
    patient: str
    results: list[tuple[str, str]]  # (day, id)
    agreed: dict[str, bool] = field(default_factory=dict)  # consent: does it open results
    held: dict[str, str] = field(default_factory=dict)  # id: the withholding

    @property
    def seen(self) -> list[tuple[str, str]]:
        """The results that a doctor of 緑町 may see now."""
        return [one for one in self.results if any(self.agreed.values()) and one[1] not in self.held]

    async def do(self, act: str, which: int) -> None:
        """Carry out one act of the script, really and in the model."""
        at, me = (
            self.region.clock.now,
            Actor(f"me-{self.key}", Role.PERSON, OPERATOR, Purpose.PATIENT_REQUEST, person=self.key),
        )
        name = self.results[which][1]
        async with self.region.db.transaction() as tx:
            if act.startswith("agree"):
                opened = PERSONAL_KINDS if act == "agree" else PERSONAL_KINDS & ~kinds(Kind.LAB)
                given_ = await consents.give(tx, self.key, MIDORI.key, opened, by=CLERK, at=at)
                self.agreed[given_.id] = act == "agree"
            elif act == "withdraw":
                for one in self.agreed:
                    await consents.withdraw(tx, self.key, one, by=CLERK, at=at)
                self.agreed.clear()
            elif act == "withhold" and name not in self.held:
                self.held[name] = await withholding.withhold(
                    tx, self.key, item=f"Observation/{name}", by=me, at=at
                )
            elif act == "release" and name in self.held:
                await withholding.release(tx, self.key, self.held.pop(name), by=me, at=at)


async def someone(region: Region, sakura: Caller, days: list[str]) -> Person:
    """A fresh person with a result on each of these days, who agrees to everything at 緑町."""
    number = next(_NUMBERS)
    born = f"19{number % 90 + 10}-05-06"
    who = await sakura.made(patient(f"PG{number:05}", family=f"頁{number}", birth=born))
    results = [(day, await sakura.made(lab(f"Patient/{who}", on=day))) for day in days]
    one = Person(region, await region.person_of(who), who, results)
    await one.do("agree", 0)
    return one


def expected(persons: list[Person], behind: str) -> list[str]:
    """The ids of the page behind this day ("": the first page), newest first."""
    there = sorted((one for person in persons for one in person.seen), reverse=True)
    return [name for day, name in there if not behind or day < behind][:PAGE]


def results_in(page: Json) -> list[str]:
    return [
        e["resource"]["id"] for e in page.get("entry", ()) if e["resource"]["resourceType"] == "Observation"
    ]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=script, more=st.sampled_from(["", "&_total=accurate", "&_include=Observation:subject"]))
async def test_each_page_of_a_search_shows_what_may_be_seen_when_it_is_asked_for(
    region: Region, sakura: Caller, steps: list[tuple[str, int, int]], more: str
) -> None:
    days = [f"2026-10-{day:02}" for day in range(1, 2 * RESULTS + 1)]
    both = [await someone(region, sakura, days[::2]), await someone(region, sakura, days[1::2])]
    doctor = await region.caller(MIDORI, Role.DOCTOR)
    day_of = {name: day for person in both for day, name in person.results}
    names = ",".join(one.patient for one in both)
    path, behind = f"/fhir/Observation?patient={names}&_sort=-date&_count={PAGE}{more}", ""
    for act, who, which in steps:
        await both[who].do(act, which)
        page = (await doctor.get(path)).json()
        shown = results_in(page)
        assert shown == expected(both, behind)
        if "_total" in more:
            assert page["total"] == sum(len(one.seen) for one in both)
        for included in (
            e["resource"]["id"] for e in page.get("entry", ()) if e["search"]["mode"] == "include"
        ):
            assert any(included == one.patient and one.agreed for one in both)
        if following := link(page):
            path, behind = following, day_of[shown[-1]]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=script)
async def test_each_page_of_everything_shows_what_may_be_seen_when_it_is_asked_for(
    region: Region, sakura: Caller, steps: list[tuple[str, int, int]]
) -> None:
    one = await someone(region, sakura, [f"2026-10-{day:02}" for day in range(1, RESULTS + 1)])
    doctor = await region.caller(MIDORI, Role.DOCTOR)
    day_of = {name: day for day, name in one.results}
    first = await doctor.get(f"/fhir/Patient/{one.patient}/$everything?_count=1")
    path, behind = str(link(first.json())), ""
    path = path.replace("_count=1", f"_count={PAGE}")
    for act, _, which in steps:
        await one.do(act, which)
        answer = await doctor.get(path)
        if not one.agreed:  # then the person is not there at all
            nobody = await doctor.get("/fhir/Patient/none/$everything")
            assert (answer.status_code, answer.content) == (404, nobody.content)
            continue
        page = answer.json()
        shown = results_in(page)
        assert shown == expected([one], behind)
        if following := link(page):
            path, behind = following, day_of[shown[-1]]
