"""What a check may cost, whatever is sent and whatever is installed."""

from profile_making import CORE, HERE, element, found, profile, profiles, resource

from kakehashi.fhir.profiles import running

EXPENSIVE = profiles(
    profile(
        "p",
        "Bundle",
        element(
            "Bundle.entry",
            slicing={"discriminator": [{"type": "profile", "path": "resource"}], "rules": "open"},
        ),
        *(
            one
            for number in range(20)
            for one in (
                element("Bundle.entry", f"s{number}", id=f"Bundle.entry:s{number}"),
                element(
                    "Bundle.entry.resource",
                    id=f"Bundle.entry:s{number}.resource",
                    type=[{"code": "Patient", "profile": [f"{HERE}q{number}"]}],
                ),
            )
        ),
    ),
    *(
        profile(f"q{number}", "Patient", element("Patient.photo", min=1), element("Patient.name.text", min=1))
        for number in range(20)
    ),
)


def bundle(size):
    entries = [
        {
            "fullUrl": f"urn:uuid:00000000-0000-4000-8000-{number:012}",
            "resource": {"resourceType": "Patient", "name": [{"text": "見本"}] * 20},
        }
        for number in range(size)
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def test_a_check_that_takes_too_much_work_is_broken_off_and_refused():
    assert found(EXPENSIVE, bundle(3), "p") == []
    assert found(EXPENSIVE, bundle(1200), "p") == [("profile.too-costly", "Bundle")]


def test_nobody_is_told_more_than_so_many_problems():
    known = profiles(profile("p", "Patient", element("Patient.name.text", min=1)))
    tree = {"resourceType": "Patient", "name": [{"family": "見本"}] * 1000}
    assert len(found(known, tree, "p")) == running.MOST


def test_a_resource_nested_to_the_limit_of_parsing_is_checked_or_refused_and_nothing_breaks():
    outer = HERE + "deep"
    known = profiles(profile("deep", "Extension", element("Extension.value[x]", max="0")))

    def nested(depth):
        extension = {"url": outer, "extension": [{"url": outer, "valueString": "x"}]}
        for _ in range(depth):
            extension = {"url": outer, "extension": [extension]}
        return {"resourceType": "Patient", "extension": [extension]}

    shallow = found(known, nested(5))
    assert [rule for rule, _place in shallow] == ["profile.cardinality"]
    deep = known.check(resource(nested(110)))
    assert {one.rule for one in deep} <= {"profile.cardinality", "profile.too-costly"}
    assert deep


def test_profiles_that_lead_into_each_other_end():
    known = profiles(
        *(
            profile(
                name,
                "Organization",
                element("Organization.partOf", type=[{"code": "Reference", "targetProfile": [HERE + other]}]),
                element("Organization.name", min=1),
            )
            for name, other in (("a", "b"), ("b", "a"))
        )
    )

    def link(number):
        part_of = {"reference": f"#{(number + 1) % 50}"}
        return {"resourceType": "Organization", "id": str(number), "name": "見本", "partOf": part_of}

    ring = [link(number) for number in range(50)]
    holder = {
        "resourceType": "Organization",
        "name": "見本",
        "contained": ring,
        "partOf": {"reference": "#0"},
    }
    assert found(known, holder, "a") == []
    assert CORE not in known.urls
