"""References inside a transaction: what they become, and that nothing else of the bytes changes."""

import json

from hypothesis import given
from hypothesis import strategies as st

from kakehashi.engines.records.drafts import names_of
from kakehashi.engines.records.references import conditional, rewritten
from kakehashi.engines.records.wanted import Method, Wanted
from kakehashi.fhir.parse import parse

URN = "urn:uuid:8c3b0c8e-0000-4000-8000-000000000001"


def test_a_full_url_and_the_relative_reference_it_ends_in_mean_the_new_id() -> None:
    wishes = [
        (Wanted(Method.CREATE, "Patient", full_url=URN), "new-1"),
        (Wanted(Method.CREATE, "Patient", full_url="https://other.example/fhir/Patient/7"), "new-2"),
        (Wanted(Method.UPDATE, "Patient", "8", full_url="https://other.example/fhir/Patient/8"), "8"),
    ]
    names = names_of(wishes)
    assert names[URN] == "Patient/new-1"
    assert names["Patient/7"] == names["https://other.example/fhir/Patient/7"] == "Patient/new-2"
    assert "Patient/8" not in names


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)


@given(WORDS, st.decimals(0, 999, places=3))
def test_only_the_reference_changes(words: str, value: object) -> None:
    text = json.dumps(words)
    body = (
        f'{{"resourceType":"Observation","note":[{{"text":{text}}}],"subject": {{"reference" : "{URN}"}},"x":{value}}}'
    ).encode()
    changed = rewritten(parse(body), {URN: "Patient/p"})
    assert changed.body == body.replace(URN.encode(), b"Patient/p")
    assert changed.tree["subject"] == {"reference": "Patient/p"}


def test_a_resource_without_such_references_stays_the_very_same() -> None:
    resource = parse(b'{"resourceType":"Observation","subject":{"reference":"Patient/1"}}')
    assert rewritten(resource, {URN: "Patient/p"}) is resource


def test_conditional_references_are_found_once_each_and_urls_are_none() -> None:
    resource = parse(
        b'{"resourceType":"Observation","subject":{"reference":"Patient?identifier=a|b"},"performer":['
        b'{"reference":"Patient?identifier=a|b"},{"reference":"https://x.example/Patient?identifier=c"}]}'
    )
    assert conditional(resource) == ["Patient?identifier=a|b"]
