"""SMART scopes: what each grants, and that asking never gives more than is allowed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kakehashi.core.errors import Problem
from kakehashi.fhir.index import Index, index
from kakehashi.fhir.parse import Resource
from kakehashi.trust.oauth.scopes import (
    LONGEST,
    MOST_FILTERED,
    allows,
    granted,
    narrowed,
    narrowing,
    parse,
    weighed,
)

CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
LAB, VITAL = "patient/Observation.rs?category=laboratory", "patient/Observation.rs?category=vital-signs"
NONE = Index()
INTERACTIONS = ["read", "vread", "history", "search", "create", "update", "patch", "delete", "export"]
TYPES = ["Patient", "Observation", "Binary"]
SCOPE = st.builds(
    lambda context, type_, letters: f"{context}/{type_}.{letters}",
    st.sampled_from(["system", "user", "patient"]),
    st.sampled_from([*TYPES, "*"]),
    st.sampled_from(["read", "write", "*", "r", "s", "rs", "cruds", "cud", "cu", "d"]),
)


@pytest.mark.parametrize(
    ("scope", "type_", "may"),
    [
        ("system/*.cruds", "Patient", set(INTERACTIONS)),
        ("system/*.*", "Patient", set(INTERACTIONS)),
        ("user/Observation.rs", "Observation", {"read", "vread", "history", "search", "export"}),
        ("user/Observation.rs", "Patient", set()),
        ("user/Observation.r", "Observation", {"read", "vread", "history"}),
        ("user/Observation.s", "Observation", {"search"}),
        ("patient/*.read", "Condition", {"read", "vread", "history", "search", "export"}),
        ("patient/*.write", "Condition", {"create", "update", "patch", "delete"}),
    ],
)
def test_what_a_scope_grants(scope: str, type_: str, may: set[str]) -> None:
    assert {what for what in INTERACTIONS if allows((scope,), type_, what)} == may


@pytest.mark.parametrize(
    "text",
    ["", "openid", "launch/patient", "offline_access", "system/*", "system/*.", "system/*.sr", "system/*.rr",
     "system/*.readwrite", "System/*.r", "system/patient.r", "system/Patient.rs?category=x", "system/Patient.rs ",
     "system/../Patient.r", "system/Patient.r\n", "ѕystem/Patient.r", "admin/*.cruds"],
)  # fmt: skip
def test_what_is_no_resource_scope_grants_nothing(text: str) -> None:
    assert parse(text) is None
    assert not any(allows((text,), "Patient", what) for what in INTERACTIONS)


def test_unknown_interactions_are_never_allowed() -> None:
    assert not allows(("system/*.cruds",), "Patient", "everything")
    assert not allows((), "Patient", "read")


@given(st.lists(SCOPE, max_size=5), st.lists(SCOPE, max_size=5))
def test_what_is_granted_is_what_both_asked_and_allowed_say(asked: list[str], allowed: list[str]) -> None:
    """For each context: a granted scope allows exactly what both lists allow."""
    given_ = granted(asked, allowed)
    for context in ("system", "user", "patient"):
        mine, theirs, both = (
            tuple(one for one in lists if one.startswith(context)) for lists in (asked, allowed, given_)
        )
        for type_ in (*TYPES, "Condition"):
            for what in ("read", "search", "create", "update", "delete"):
                assert allows(both, type_, what) is (
                    allows(mine, type_, what) and allows(theirs, type_, what)
                )


@given(st.lists(SCOPE, max_size=5))
def test_a_clients_scopes_stay_in_their_context(asked: list[str]) -> None:
    got = granted(asked, ["system/*.cruds", "user/*.cruds", "patient/*.cruds"], context="system")
    assert all(one.startswith("system/") for one in got)
    assert granted(got, got) == got


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        (f"patient/Observation.rs?category={CATEGORY}|laboratory", None),
        (f"patient/Observation.rs?category={CATEGORY.replace(':', '%3A').replace('/', '%2F')}%7Claboratory",
         f"patient/Observation.rs?category={CATEGORY}|laboratory"),
        ("user/Observation.rs?date=ge2020&code=a,b", "user/Observation.rs?code=a,b&date=ge2020"),
        ("user/Observation.rs?code=a&code=a", "user/Observation.rs?code=a"),
        ("user/Observation.rs?code=%E8%A1%80+a", "user/Observation.rs?code=%E8%A1%80%20a"),
        ("user/Observation.rs?code=a%5C,b", None),
        ("user/Observation.rs?patient=Patient/1,2", None),
        ("user/Observation.rs?value-quantity=gt5.4||mg", None),
        ("user/ValueSet.rs?url:below=http://example.org/fhir", None),
        ("user/Patient.rs?identifier:of-type=http://a|MR|1", None),
        ("user/Observation.rs?subject:identifier=http://a|1", None),
        ("user/RiskAssessment.rs?probability=ap0.8", None),
    ],
)  # fmt: skip
def test_a_filter_is_written_in_one_way(asked: str, written: str | None) -> None:
    assert str(parse(asked)) == (written or asked)
    assert granted([asked], ["user/*.cruds", "patient/*.cruds"]) == (written or asked,)


@pytest.mark.parametrize(
    "query",
    ["", "category", "category=", "=x", "category:not=x", "category:text=x", "category:in=http://a",
     "code:below=http://a|b", "category:missing=false", "_id=1", "_lastUpdated=gt2020", "_count=3&code=x",
     "_sort=date&code=x", "code=x&_include=*", "subject:Patient.name=x", "patient.name=x",
     "_has:Provenance:target:agent=x", "component-code-value-quantity=a$5", "date=ap2020", "date=yesterday",
     "nothing=x", "_filter=x", "_text=x", "_content=x", "_list=x", "code=%FF", "code=" + ",".join("x" * 400),
     "code=" + "x" * 2000, "&".join(f"code={n}" for n in range(11)), "code=x;date=2020&", "code=x&&date=2020"],
)  # fmt: skip
def test_a_filter_that_cannot_be_said_of_the_row_alone_makes_its_scope_grant_nothing(query: str) -> None:
    text = f"user/Observation.rs?{query}"
    assert parse(text) is None
    assert not allows((text,), "Observation", "read")
    said = weighed([text, "openid", "launch/patient"], ["user/*.cruds"])
    assert (said.scopes, [one.scope for one in said.dropped]) == ((), [text])
    problem: Problem = said.dropped[0].problem
    assert problem.rule.startswith("oauth.scope.") and problem.ja and problem.en


def test_no_query_goes_with_all_types_an_unknown_type_or_the_first_version() -> None:
    for text in ("user/*.rs?_tag=x", "user/Nothing.rs?code=x", "user/Observation.read?code=x"):
        assert parse(text) is None
        assert weighed([text], ["user/*.cruds"]).dropped[0].scope == text


@pytest.mark.parametrize(
    ("asked", "allowed", "given_"),
    [
        ([LAB], ["patient/*.cruds"], (LAB,)),
        ([LAB], ["patient/Observation.r"], (LAB.replace("rs", "r"),)),
        (["patient/*.cruds"], [LAB], (LAB,)),
        (["patient/Observation.rs"], [LAB, VITAL], (LAB, VITAL)),
        ([LAB], [VITAL], (f"{LAB}&category=vital-signs",)),
        ([LAB], [LAB, VITAL], (LAB,)),
        ([LAB, "patient/Observation.rs"], ["patient/*.cruds"], ("patient/Observation.rs",)),
        ([LAB, "patient/Observation.s"], ["patient/*.rs"],
         ("patient/Observation.r?category=laboratory", "patient/Observation.s")),
        ([LAB, "patient/*.r"], ["patient/*.rs"], ("patient/*.r", "patient/Observation.s?category=laboratory")),
        ([LAB, f"{LAB}&code=a"], ["patient/*.rs"], (LAB,)),
        ([LAB, LAB.replace("rs", "c")], ["patient/*.cruds"], (LAB.replace("rs", "crs"),)),
        ([LAB], ["user/*.cruds"], ()),
        ([LAB], ["patient/Patient.rs"], ()),
    ],
)  # fmt: skip
def test_asked_and_allowed_filters_narrow_each_other(
    asked: list[str], allowed: list[str], given_: tuple[str, ...]
) -> None:
    assert granted(asked, allowed) == given_
    assert granted(given_, given_) == given_
    assert granted(given_, allowed) == given_


def test_a_type_is_narrowed_only_where_filtered_scopes_alone_grant_it() -> None:
    assert narrowing((LAB,)) is not None
    assert set(narrowed((LAB,), "read").by_type) == {"Observation"}
    assert len(narrowed((LAB, VITAL), "search").of("Observation") or ()) == 2
    for others in ("patient/Observation.rs", "patient/*.read", "user/*.rs"):
        assert narrowing((LAB, others)) is None
        assert not narrowed((LAB, others), "export")
    apart = (LAB, "patient/Observation.s", "patient/Observation.c?code=a")
    assert [bool(narrowed(apart, what)) for what in ("read", "history", "search", "export", "create", "delete")] == [
        True, True, False, True, True, False]  # fmt: skip
    assert narrowing(()) is None and narrowing(("patient/*.cruds",)) is None


def test_no_filter_leaves_a_row_without_entries() -> None:
    """Were one to, rows whose entries are not made anew yet would be shown by it."""
    for query in (
        "code=a",
        "date=ne2020",
        "date=lt2020",
        "value-quantity=le5||mg",
        "status=final",
        "patient=1",
    ):
        assert not narrowed((f"user/Observation.rs?{query}",), "read").leave("Observation", NONE)


def test_acts_that_look_elsewhere_want_a_scope_without_a_filter() -> None:
    assert allows((LAB,), "Observation", "read")
    assert not allows((LAB,), "Observation", "read", whole=True)
    assert not allows((LAB,), "*", "read")


def test_a_token_holds_so_many_filters_and_characters_and_what_is_beyond_is_named() -> None:
    many = [f"patient/Observation.rs?code=c{number}" for number in range(60)]
    said = weighed([*many, "patient/Patient.rs"], ["patient/*.rs"])
    assert len(said.scopes) == MOST_FILTERED + 1 and "patient/Patient.rs" in said.scopes
    assert {one.scope for one in said.dropped} | set(said.scopes) == {*many, "patient/Patient.rs"}
    long = [f"patient/Observation.rs?code={'x' * 900}{number}" for number in range(6)]
    assert len(" ".join(granted(long, long))) < LONGEST
    crossed = granted(many[:32], [one.replace("code", "status") for one in many[:32]])
    assert len(crossed) <= MOST_FILTERED


FILTERED = st.builds(
    lambda letters, query: f"user/Observation.{letters}{query}",
    st.sampled_from(["r", "s", "rs", "cruds"]),
    st.sampled_from(["", "?code=a", "?code=b", "?code=a&status=final", "?status=final", "?code:not=a"]),
)
CODES = st.lists(st.sampled_from(["a", "b", "final", "other"]), max_size=3)


@given(
    st.lists(FILTERED, max_size=5),
    st.lists(FILTERED, max_size=5),
    st.sampled_from(["a", "b", "x"]),
    st.booleans(),
)
def test_what_is_granted_leaves_of_a_row_what_both_asked_and_allowed_leave(
    asked: list[str], allowed: list[str], code: str, final: bool
) -> None:
    tree = {
        "resourceType": "Observation",
        "code": {"coding": [{"code": code}]},
        "status": "final" if final else "amended",
    }
    row = index(Resource("Observation", "1", b"", tree))

    def leaves(scopes: tuple[str, ...], what: str) -> bool:
        return allows(scopes, "Observation", what) and narrowed(scopes, what).leave("Observation", row)

    given_ = granted(asked, allowed)
    for what in ("read", "search", "create"):
        assert leaves(given_, what) is (leaves(tuple(asked), what) and leaves(tuple(allowed), what))
