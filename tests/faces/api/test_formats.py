"""Which format is spoken: Accept with its q, `_format`, `_pretty`, content types, and the release of FHIR in them."""

import pytest

from kakehashi.core.errors import Failure
from kakehashi.faces.api.formats import Format, is_resource, of_body, wants_native, wished

JSON, XML = Format.JSON, Format.XML


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("", JSON), ("*/*", JSON), ("application/*", JSON), ("text/*", JSON),
        ("application/fhir+json", JSON), ("application/json", JSON), ("text/json", JSON),
        ("application/fhir+xml", XML), ("application/xml", XML), ("text/xml", XML), ("APPLICATION/FHIR+XML", XML),
        ("application/fhir+xml; charset=utf-8", XML),
        ("application/fhir+xml, application/fhir+json", XML), ("application/fhir+json, application/fhir+xml", JSON),
        ("application/fhir+json;q=0.5, application/fhir+xml", XML),
        ("application/fhir+xml;q=0.5, application/fhir+json;q=0.6", JSON),
        ("application/fhir+xml;q=0.9, */*;q=0.8", XML), ("application/fhir+xml;q=0.1, */*", JSON),
        ("application/fhir+xml, */*", XML), ("*/*, application/fhir+json;q=0", XML),
        ("application/json;q=0.2, application/*;q=0.9", XML), ("*/*;q=0.1, text/*;q=0.9", JSON),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", XML),  # a browser's own words
        ("text/turtle, application/fhir+json;q=0.1", JSON),
        ("application/fhir+json; fhirVersion=4.0", JSON), ("application/fhir+xml;fhirVersion=\"4.0.1\"", XML),
        ("application/fhir+json; fhirVersion=5.0, application/fhir+xml; fhirVersion=4.0;q=0.1", XML),
        ('application/fhir+xml; profile="a,b"', XML), ("application/fhir+xml;q=1.000", XML),
    ],
)  # fmt: skip
def test_the_best_match_is_spoken(accept, wanted):
    assert wished(accept, "", "").format is wanted


@pytest.mark.parametrize(
    ("form", "wanted"),
    [("json", JSON), ("xml", XML), ("application/fhir+json", JSON), ("application/fhir xml", XML), ("text/xml", XML),
     ("application/fhir+xml;fhirVersion=4.0", XML)],
)  # fmt: skip
def test_format_goes_before_accept(form, wanted):
    assert wished("text/turtle", form, "").format is wanted


def test_pretty_is_asked_for_by_true():
    assert [wished("", "", one).pretty for one in ("true", "false", "")] == [True, False, False]


@pytest.mark.parametrize(
    ("accept", "form", "rule"),
    [
        ("text/html", "", "http.accept"), ("text/turtle", "", "http.accept"),
        ("application/fhir+json;q=0", "", "http.accept"),
        ("*/*;q=0", "", "http.accept"), ("", "ttl", "http.format"), ("application/fhir+json", "html", "http.format"),
        ("application/fhir+json; fhirVersion=5.0", "", "http.fhir-version"),
        ("application/fhir+xml; fhirVersion=3.0", "", "http.fhir-version"),
        ("", "application/fhir+json; fhirVersion=4.3", "http.fhir-version"),
    ],
)  # fmt: skip
def test_what_cannot_be_spoken_is_406(accept, form, rule):
    with pytest.raises(Failure) as caught:
        wished(accept, form, "")
    assert (caught.value.status, caught.value.problems[0].rule) == (406, rule)


@pytest.mark.parametrize(
    ("said", "form"),
    [("", JSON), ("application/fhir+json", JSON), ("application/json; charset=UTF-8", JSON),
     ("application/fhir+xml", XML), ("application/xml", XML), ('text/xml; charset="utf-8"', XML),
     ("application/fhir+xml; fhirVersion=4.0", XML)],
)  # fmt: skip
def test_a_body_is_what_it_says(said, form):
    assert of_body(said) is form


@pytest.mark.parametrize(
    ("said", "rule"),
    [("text/plain", "http.content-type"), ("application/fhir+turtle", "http.content-type"),
     ("application/fhir+xml; charset=shift_jis", "http.content-type"),
     ("application/fhir+json; charset=utf-16", "http.content-type"),
     ("application/fhir+json; fhirVersion=5.0", "http.fhir-version"),
     ('application/fhir+xml;fhirversion="3.0"', "http.fhir-version")],
)  # fmt: skip
def test_another_body_is_415(said, rule):
    with pytest.raises(Failure) as caught:
        of_body(said)
    assert (caught.value.status, caught.value.problems[0].rule) == (415, rule)


def test_a_binary_is_content_unless_fhir_is_said():
    assert [
        is_resource(one) for one in ("application/fhir+xml", "application/fhir+json", "application/json")
    ] == [True] * 3
    assert [is_resource(one) for one in ("application/xml", "text/xml", "image/png")] == [
        False
    ] * 3  # CDA is XML too
    assert wants_native("application/xml", "") and wants_native("*/*", "")
    assert not wants_native("application/fhir+xml", "") and not wants_native("image/png", "xml")
