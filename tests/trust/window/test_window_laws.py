"""Laws of the window: they hold for every actor, every set of facts and every row."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from window_words import DAY, HANAKO, NOW, TARO, Row

from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.core.kinds import Flag, Kind
from kakehashi.trust.decide import Consent, Emergency, Proxy, WindowFacts, decide

KEYS = st.sampled_from([1, 2, 3, 77])
PEOPLE = st.sampled_from([HANAKO, TARO])
SETS = st.integers(0, 1 << 23).map(lambda some: some << 1) | st.just((1 << 63) - 1)
MOMENTS = st.integers(-3 * 86_400, 3 * 86_400).map(lambda seconds: NOW + timedelta(seconds=seconds))
ACCOUNTS = st.sampled_from(["a", "b"])

ACTORS = st.builds(
    Actor,
    subject=ACCOUNTS,
    role=st.sampled_from(Role),
    institution=st.builds(Institution, KEYS, st.just("x"), st.just("x"), st.sampled_from(InstitutionType)),
    purpose=st.sampled_from(Purpose),
    person=st.none() | PEOPLE,
    factors=st.integers(1, 2),
    emergency_right=st.booleans(),
    acts_for=st.sampled_from(["", "parent"]),
)
CONSENTS = st.builds(
    lambda key, kinds, moment, gone: Consent(f"c{key}", key, kinds, moment, moment + DAY, gone),
    KEYS, SETS, MOMENTS, st.none() | MOMENTS,
)  # fmt: skip
PROXIES = st.builds(Proxy, st.just("p"), ACCOUNTS, SETS, MOMENTS, MOMENTS, st.none() | MOMENTS)
EMERGENCIES = st.builds(
    lambda key, account, moment: Emergency("e", key, account, moment, moment + DAY / 24),
    KEYS,
    ACCOUNTS,
    MOMENTS,
)
FACTS = st.builds(
    WindowFacts,
    persons=st.sampled_from([frozenset(), frozenset({HANAKO}), frozenset({HANAKO, 9_001})]),
    consents=st.lists(CONSENTS, max_size=3).map(tuple),
    withheld_custodians=st.frozensets(KEYS, max_size=2),
    withheld_kinds=st.just(0) | SETS,
    referrers=st.frozensets(KEYS, max_size=2),
    emergencies=st.lists(EMERGENCIES, max_size=2).map(tuple),
    proxies=st.lists(PROXIES, max_size=2).map(tuple),
    disclosure_stopped=st.booleans(),
    insurers=st.frozensets(KEYS, max_size=2),
    suspended=st.frozensets(KEYS, max_size=2),
    suspended_all=st.booleans(),
)
ROWS = st.builds(
    Row,
    kind=st.sampled_from(Kind),
    custodian=KEYS,
    person=st.sampled_from([0, HANAKO, TARO, 9_001]),
    addressee=st.sampled_from([0, 1, 2]),
    flags=st.integers(0, 31),
    at=st.integers(-3_000, 0).map(lambda days: NOW + timedelta(days=days)),
)
MANY = st.lists(ROWS, min_size=20, max_size=40)


@given(FACTS, ACTORS, MANY)
def test_removing_a_consent_never_shows_more(facts: WindowFacts, actor: Actor, rows: list[Row]) -> None:
    before = decide(facts, actor, NOW)
    for index in range(len(facts.consents)):
        fewer = replace(facts, consents=facts.consents[:index] + facts.consents[index + 1 :])
        after = decide(fewer, actor, NOW)
        assert not [row for row in rows if after.sees(row) and not before.sees(row)]


@given(FACTS, ACTORS, MANY, st.frozensets(KEYS), SETS)
def test_adding_a_refusal_never_shows_more(
    facts: WindowFacts, actor: Actor, rows: list[Row], keys: frozenset[int], some: int
) -> None:
    before = decide(facts, actor, NOW)
    for refused in (
        replace(facts, withheld_custodians=facts.withheld_custodians | keys),
        replace(facts, withheld_kinds=facts.withheld_kinds | some),
        replace(facts, suspended=facts.suspended | keys),
        replace(facts, suspended_all=True),
        replace(facts, disclosure_stopped=True),
    ):
        after = decide(refused, actor, NOW)
        assert not [row for row in rows if after.sees(row) and not before.sees(row)]


@given(FACTS, ACTORS, MANY, st.integers(1, 31))
def test_another_flag_never_shows_more(facts: WindowFacts, actor: Actor, rows: list[Row], flags: int) -> None:
    window = decide(facts, actor, NOW)
    assert not [
        row for row in rows if window.sees(replace(row, flags=row.flags | flags)) and not window.sees(row)
    ]


@given(FACTS, ACTORS, MANY)
def test_the_person_and_proxies_never_see_what_they_were_not_told(
    facts: WindowFacts, actor: Actor, rows: list[Row]
) -> None:
    window = decide(facts, replace(actor, role=Role.PERSON), NOW)
    secret = Flag.UNINFORMED | Flag.UNDELIVERED | Flag.SUSPENDED
    assert not [row for row in rows if row.kind != Kind.SHARED and row.flags & secret and window.sees(row)]


@given(FACTS, ACTORS, MANY)
def test_an_undelivered_withheld_or_doubtful_row_is_seen_by_nobody_but_its_writer_or_the_person(
    facts: WindowFacts, actor: Actor, rows: list[Row]
) -> None:
    window = decide(facts, actor, NOW)
    shut = Flag.UNDELIVERED | Flag.SUSPENDED | (0 if actor.role is Role.PERSON else Flag.WITHHELD)
    for row in rows:
        if row.kind != Kind.SHARED and row.flags & shut and row.custodian != actor.institution.key:
            assert not window.sees(row)


@given(FACTS, ACTORS)
def test_no_pane_is_open_on_everybodys_rows(facts: WindowFacts, actor: Actor) -> None:
    """A pane names persons, custodians or addressees; the shared one names person 0."""
    for pane in decide(facts, actor, NOW).panes:
        assert pane.kinds
        assert pane.persons is not None or pane.custodians is not None or pane.addressees is not None
        if pane.kinds & Kind.SHARED.bit:
            assert pane.persons == {0}
            assert pane.kinds == Kind.SHARED.bit
        assert not pane.kinds & Kind.SUBMISSION.bit


@given(FACTS, ACTORS, MANY)
def test_without_a_person_only_own_shared_and_addressed_rows_are_seen(
    facts: WindowFacts, actor: Actor, rows: list[Row]
) -> None:
    window = decide(replace(facts, persons=frozenset()), actor, NOW)
    for row in rows:
        if window.sees(row):
            assert row.kind == Kind.SHARED or actor.institution.key in (row.custodian, row.addressee)


@given(FACTS, ACTORS, MANY)
def test_a_window_on_one_person_shows_no_other(facts: WindowFacts, actor: Actor, rows: list[Row]) -> None:
    persons = facts.persons or frozenset({HANAKO})
    window = decide(replace(facts, persons=persons), actor, NOW)
    assert not [row for row in rows if row.person not in persons | {0} and window.sees(row)]


@given(CONSENTS, st.integers(0, 86_400_000_000 - 1))
def test_a_consent_lives_for_its_24_hours_and_not_a_microsecond_longer(consent: Consent, offset: int) -> None:
    whole = replace(consent, withdrawn=None)
    assert whole.live(whole.given + timedelta(microseconds=offset))
    assert not whole.live(whole.given + DAY)
    assert not whole.live(whole.given - timedelta(microseconds=1))
    withdrawn = replace(whole, withdrawn=whole.given + timedelta(microseconds=offset))
    assert not withdrawn.live(whole.given + timedelta(microseconds=offset))


@given(FACTS, ACTORS)
def test_a_window_says_when_it_closes(facts: WindowFacts, actor: Actor) -> None:
    """Whatever passes with time (consent, emergency, proxy) is named by `until`; it lies ahead."""
    window = decide(facts, actor, NOW)
    assert window.until is None or window.until > NOW


@given(FACTS, ACTORS)
def test_a_decision_is_the_same_each_time(facts: WindowFacts, actor: Actor) -> None:
    assert decide(facts, actor, NOW) == decide(facts, actor, NOW)
