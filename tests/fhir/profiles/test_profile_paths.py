"""The FHIRPath functions that guides use and R4 does not."""

import pytest

from kakehashi.fhir.paths.evaluate import compile_path
from kakehashi.fhir.paths.nodes import Env, root_node

PATIENT = {
    "resourceType": "Patient",
    "name": [{"text": "http://a|1.0", "given": ["一", "二", "三"]}],
}


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("name.text.indexOf('|')", [8]),
        ("name.text.indexOf('#')", [-1]),
        ("gender.indexOf('x')", []),
        ("name.text.substring(0, name.text.indexOf('|'))", ["http://a"]),
        ("name.text.replace('http', 'https')", ["https://a|1.0"]),
        ("name.given.skip(1)", ["二", "三"]),
        ("name.given.skip(9)", []),
        ("name.given.take(2)", ["一", "二"]),
        ("name.given.take(0)", []),
        ("name.given.exclude(name.given.first())", ["二", "三"]),
        ("name.given.first().subsetOf(name.given)", [True]),
        ("name.given.subsetOf(name.given.first())", [False]),
        ("gender.subsetOf(name.given)", [True]),
    ],
)
def test_functions(expression, answer):
    whole = root_node(PATIENT)
    nodes = compile_path(expression)([whole], Env(whole, whole, whole))
    assert [node.value for node in nodes] == answer
