"""Each institution's share stands on its own, is valid R4, and shares nothing but the insurance number with others."""

import re
from itertools import combinations

import orjson
from hypothesis import given
from hypothesis import strategies as st

from kakehashi.core.kinds import Flag
from kakehashi.fhir.facts import flags_of
from kakehashi.fhir.parse import parse
from kakehashi.fhir.validate import validate
from kakehashi.samples.cut import Share
from kakehashi.samples.plain import without
from kakehashi.samples.region import BY_SLUG
from kakehashi.samples.staffing import shared
from kakehashi.samples.trees import name_of, references
from kakehashi.terms import japan

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
By = dict[str, list[Share]]


def identifiers(share: Share, system: str) -> list[str]:
    return [one["value"] for one in share.patient["identifier"] if one["system"] == system]


def everything(shares: By) -> list[Share]:
    return [share for found in shares.values() for share in found]


def test_every_reference_leads_to_a_record_of_the_same_institution(shares: By):
    for share in everything(shares):
        held = {name_of(one) for one in (share.patient, *share.records, *shared(share.site))}
        missing = {target for record in share.records for target in references(record)} - held
        assert not missing, (share.site.slug, share.key)


@given(st.data())
def test_whatever_is_sent_elsewhere_no_reference_to_it_is_left(shares: By, data: st.DataObject):
    share = data.draw(st.sampled_from([one for one in everything(shares) if one.records]))
    sent = data.draw(st.frozensets(st.sampled_from([record["id"] for record in share.records])))
    left = without(share, sent)
    assert sent.isdisjoint(record["id"] for record in left)
    assert not {target.partition("/")[2] for record in left for target in references(record)} & sent


def test_every_record_is_valid_r4(shares: By):
    for share in everything(shares):
        for record in (share.patient, *share.records, *shared(share.site)):
            assert validate(parse(orjson.dumps(record))) == [], name_of(record)


def test_one_person_has_the_same_member_id_at_every_institution_that_took_the_whole_of_it(shares: By):
    for key, found in shares.items():
        said = {(share.site.slug, value) for share in found for value in identifiers(share, japan.MEMBER_ID)}
        whole = {value for _, value in said if not value.endswith(":")}
        assert len(whole) == 1, key
        for _, value in said:
            assert re.fullmatch(japan.MEMBER_ID_FORM, value)


def test_ids_and_patient_numbers_are_each_institutions_own(shares: By):
    for found in shares.values():
        for one, other in combinations(found, 2):
            assert {r["id"] for r in one.records}.isdisjoint(r["id"] for r in other.records)
            assert one.patient["id"] != other.patient["id"]
    ids = [record["id"] for share in everything(shares) for record in (share.patient, *share.records)]
    assert len(ids) == len(set(ids))
    assert all(UUID.fullmatch(one) for one in ids)


def test_a_patient_number_stands_under_the_institutions_own_system(shares: By):
    for share in everything(shares):
        for one in share.patient["identifier"]:
            if one["system"].startswith(japan.LOCAL_PATIENT_PREFIX):
                assert one["system"] == f"{japan.LOCAL_PATIENT_PREFIX}1{share.site.code}"


def test_hanako_has_records_at_a_clinic_two_hospitals_and_pharmacies(shares: By):
    slugs = {share.site.slug for share in shares["story-hanako"] if share.of("Encounter")}
    assert {"sakura", "chuo", "minato"} <= slugs
    assert any(share.of("MedicationDispense") for share in shares["story-hanako"])


def test_the_flags_of_the_told_persons_are_on_their_diagnoses(shares: By):
    def flagged(key: str, flag: Flag) -> list[str]:
        return [
            f"{share.site.slug}/{record['resourceType']}"
            for share in shares[key]
            for record in share.records
            if flags_of(parse(orjson.dumps(record))) & flag
        ]

    assert flagged("story-makoto", Flag.UNINFORMED) == ["chuo/Condition"]
    assert flagged("story-ren", Flag.UNDELIVERED) == ["mori/Condition"]
    assert flagged("story-hanako", Flag.UNINFORMED | Flag.UNDELIVERED) == []


def test_kazuko_lacks_her_branch_number_at_one_hospital_only(shares: By):
    said = {share.site.slug: identifiers(share, japan.MEMBER_ID)[0] for share in shares["story-kazuko"]}
    assert said["minato"].endswith(":")
    assert said["sakura"].endswith(":01")


def test_the_two_sho_are_alike_and_one_clinic_cannot_tell_by_number(shares: By):
    one, other = (shares[key][0].patient for key in ("story-sho", "story-sho2"))
    assert one["birthDate"] == other["birthDate"] and one["gender"] == other["gender"]
    at_umibe = next(share for share in shares["story-sho"] if share.site is BY_SLUG["umibe"])
    assert identifiers(at_umibe, japan.MEMBER_ID) == []


def test_pharmacies_dispense_what_was_prescribed_to_take_home(shares: By):
    for found in shares.values():
        numbers = {
            one["value"]
            for share in found
            for record in share.of("MedicationRequest")
            for one in record["identifier"]
        }
        for share in found:
            for record in share.of("MedicationDispense"):
                assert record["authorizingPrescription"][0]["identifier"]["value"] in numbers
