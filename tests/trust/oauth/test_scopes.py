"""SMART scopes: what each grants, and that asking never gives more than is allowed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kakehashi.trust.oauth.scopes import allows, granted, parse

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
