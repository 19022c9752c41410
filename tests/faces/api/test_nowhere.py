"""An address that leads nowhere says which part of it is wrong."""

import pytest
from api_words import Caller

from kakehashi.faces.api.nowhere import no_address


@pytest.mark.parametrize(
    ("path", "meant"),
    [("/fhir/patient", "Patient"), ("/fhir/Observations/1", "Observation"), ("/fhir/PATIENT/1/_history", "Patient"),
     ("/fhir/Foo", ""), ("/fhir/Foo/1", "")],
)  # fmt: skip
async def test_a_type_that_r4_does_not_have_is_named_with_what_was_perhaps_meant(
    sakura: Caller, path: str, meant: str
) -> None:
    answer = await sakura.get(path)
    [issue] = answer.json()["issue"]
    said = path.split("/")[2]
    assert answer.status_code == 404
    assert f"「{said}」は FHIR R4 のリソース型ではありません" in issue["details"]["text"]
    assert f"'{said}' is not a resource type of FHIR R4." in issue["diagnostics"]
    assert (f"Did you mean {meant}?" in issue["diagnostics"]) == bool(meant)


@pytest.mark.parametrize("path", ["/fhir/$nothing", "/fhir/<b>", "/oauth/Foo", "/fhir/Patient/1/2/3"])
def test_what_is_no_type_is_simply_no_address(path: str) -> None:
    assert no_address(path).problems[0].rule == "http.address"


async def test_head_says_what_get_would_say_without_a_body(sakura: Caller, taro: str) -> None:
    got, head = await sakura.get(f"/fhir/{taro}"), await sakura.ask("HEAD", f"/fhir/{taro}")
    assert (head.status_code, head.content) == (200, b"")
    for name in ("etag", "last-modified", "content-length", "content-type"):
        assert head.headers[name] == got.headers[name]


async def test_a_format_that_is_not_spoken_is_refused_clearly(sakura: Caller, taro: str) -> None:
    for more in (
        {"path": f"/fhir/{taro}?_format=ttl"},
        {"path": f"/fhir/{taro}", "accept": "application/fhir+turtle"},
    ):
        answer = await sakura.get(more.pop("path"), **more)
        assert (answer.status_code, answer.json()["issue"][0]["code"]) == (406, "not-supported")
        assert "application/fhir+xml" in answer.json()["issue"][0]["details"]["text"]
