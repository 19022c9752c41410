"""What goes to the sharing service keeps its rules, all of them, and is sent once."""

import re
from typing import Any

import orjson
import pytest

from kakehashi.fhir.parse import parse
from kakehashi.fhir.validate import validate
from kakehashi.samples.build import Line
from kakehashi.samples.region import BY_SLUG
from kakehashi.services.sharing.rules import check
from kakehashi.terms import japan

By = dict[str, list[Line]]


@pytest.fixture(scope="module")
def bundles(lines: By) -> list[tuple[str, str, dict[str, Any]]]:
    """Every Bundle for the sharing service: key of the person, slug of the sender, the Bundle."""
    return [
        (key, line.site, orjson.loads(line.body))
        for key, found in lines.items()
        for line in found
        if line.form == "clins"
    ]


def of_profile(
    bundles: list[tuple[str, str, dict[str, Any]]], name: str
) -> list[tuple[str, str, dict[str, Any]]]:
    return [found for found in bundles if found[2]["meta"]["profile"][0].endswith(f"/{name}")]


def institutions(bundle: dict[str, Any]) -> list[str]:
    """Return the numbers of the institutions that a document names."""
    found = [
        entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == "Organization"
    ]
    return [one["value"] for resource in found for one in resource["identifier"]]


def test_every_bundle_is_valid_r4_and_breaks_no_rule_of_the_guide(lines: By):
    seen = 0
    for found in lines.values():
        for line in found:
            if line.form == "clins":
                seen += 1
                assert validate(parse(line.body)) == []
                assert check(parse(line.body), version="1.11.0") == []
    assert seen


def test_an_information_taken_out_of_its_bundle_is_noticed(bundles: list[tuple[str, str, dict[str, Any]]]):
    """The rules above can fail: without its institution number an entry is refused."""
    broken = orjson.loads(orjson.dumps(of_profile(bundles, "JP_Bundle_CLINS")[0][2]))
    del broken["entry"][1]["resource"]["extension"]
    assert {problem.rule for problem in check(parse(orjson.dumps(broken)))} >= {"R9011"}


def test_only_those_who_take_part_send_and_the_number_in_front_is_their_own(
    bundles: list[tuple[str, str, dict[str, Any]]],
):
    for _, slug, bundle in bundles:
        assert BY_SLUG[slug].sends == "clins"
        value = bundle["identifier"]["value"]
        assert re.fullmatch(japan.BUNDLE_ID_FORM, value)
        assert value.startswith(BY_SLUG[slug].code)


def test_no_two_bundles_of_a_person_replace_each_other(bundles: list[tuple[str, str, dict[str, Any]]]):
    keys = [(key, bundle["identifier"]["value"]) for key, _, bundle in bundles]
    assert len(keys) == len(set(keys))


def test_nothing_is_sent_both_as_fhir_and_to_the_sharing_service(lines: By):
    for found in lines.values():
        sent: set[str] = set()
        for line in found:
            if line.form == "clins":
                bundle = orjson.loads(line.body)
                if bundle["type"] == "collection":
                    sent |= {entry["resource"]["id"] for entry in bundle["entry"][1:]}
        plain = {orjson.loads(line.body)["id"] for line in found if line.form == "fhir"}
        assert not sent & plain


def test_all_five_informations_and_three_documents_are_there(bundles: list[tuple[str, str, dict[str, Any]]]):
    tags = {bundle["meta"]["tag"][0]["code"] for _, _, bundle in of_profile(bundles, "JP_Bundle_CLINS")}
    assert tags == {"Condition", "AllergyIntolerance", "Observation"}
    names = {bundle["identifier"]["value"].split("^")[2][:3] for _, _, bundle in bundles}
    assert names == {"CND", "ALG", "LAB", "INF", "REF", "CHK"}


def test_nobody_has_two_check_ups_in_a_year(bundles: list[tuple[str, str, dict[str, Any]]]):
    checked = [key for key, _, _ in of_profile(bundles, "JP_Bundle_eCheckupGeneral")]
    assert "story-hanako" in checked and len(checked) == len(set(checked))


def test_a_referral_names_its_addressee_and_after_a_stay_carries_the_discharge_summary(
    bundles: list[tuple[str, str, dict[str, Any]]],
):
    referrals = [found for found in of_profile(bundles, "JP_Bundle_eReferral") if found[0] == "story-hanako"]
    sent = {
        (slug, number)
        for _, slug, bundle in referrals
        for number in institutions(bundle)
        if number != BY_SLUG[slug].code
    }
    assert sent == {
        (slug, BY_SLUG[to].code)
        for slug, to in (("sakura", "chuo"), ("sakura", "minato"), ("chuo", "sakura"))
    }
    home = next(bundle for _, slug, bundle in referrals if slug == "chuo")
    attached = [entry["resource"] for entry in home["entry"] if entry["resource"]["resourceType"] == "Bundle"]
    assert [one["entry"][0]["resource"]["title"] for one in attached] == ["退院時サマリー"]


def test_the_flag_of_a_diagnosis_goes_along(bundles: list[tuple[str, str, dict[str, Any]]]):
    flags = {
        (key, tag["code"])
        for key, _, bundle in of_profile(bundles, "JP_Bundle_CLINS")
        for entry in bundle["entry"]
        for tag in entry["resource"]["meta"].get("tag", ())
    }
    assert {("story-makoto", "UNINFORMED"), ("story-ren", "UNDELIVERED"), ("story-hanako", "LTS")} <= flags
