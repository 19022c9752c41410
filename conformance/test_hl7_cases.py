"""HL7's published cases for what is pure here: FHIRPath, SQL on FHIR, JSON Patch and FHIRPath Patch.

They come in `org.hl7.fhir.testcases:fhir-test-cases`. No server takes part.
"""

import json
from collections.abc import Iterator
from functools import cache, partial
from typing import Any

import msgspec
from lxml import etree

import sources
from conftest import Tally
from kakehashi.core.errors import Failure
from kakehashi.fhir.parse import parse
from kakehashi.fhir.patches import json_patch, path_patch, path_reading
from kakehashi.fhir.paths.evaluate import compile_path
from kakehashi.fhir.paths.nodes import Env, Node, root_node
from kakehashi.fhir.paths.numbers import Written, text_of
from kakehashi.fhir.views.compiling import compile_view
from kakehashi.fhir.xml import json_of
from ledger import fault_of, judged

sources.need(sources.CASES)
_FHIR = "{http://hl7.org/fhir}"
_JSON = msgspec.json.Decoder(float_hook=Written)


@cache
def _input(name: str) -> Any:
    """A file that cases are asked of. One has an extension that does not stand where R4 wants it: it is put there."""
    body = sources.case_file(f"r4/{name}" if f"r4/{name}" in _files() else f"r4/examples/{name}")
    if name == "observation-example.xml":
        tree = etree.fromstring(body)
        text = tree.find(f"{_FHIR}text")
        tree.insert(tree.index(text) + 1, tree.find(f"{_FHIR}extension"))
        body = etree.tostring(tree)
    return _JSON.decode(json_of(body) if name.endswith(".xml") else body)


@cache
def _files() -> frozenset[str]:
    return frozenset(sources.case_files("r4", ""))


def _asked(expression: str, name: str) -> list[Node]:
    node = root_node(_input(name) if name else {"resourceType": "Patient"})
    return compile_path(expression)([node], Env(node, node, node))


def _said(node: Node, kind: str) -> str:
    if isinstance(node.value, dict) and node.type == "Quantity":
        return f"{text_of(node.value['value'])} '{node.value.get('code', '1')}'"
    return ("@" if kind in ("date", "dateTime", "time") else "") + text_of(node.value)


def _path_case(case: Any) -> None:
    expression, name = case.find("expression"), case.get("inputfile", "")
    if expression.get("invalid"):
        try:
            found = _asked(expression.text, name)
        except Failure:
            return
        raise AssertionError(f"no error but {[one.value for one in found][:3]}")
    wanted = [(one.get("type"), one.text or "") for one in case.findall("output")]
    found = _asked(expression.text, name)
    if case.get("predicate") == "true":
        got = [str(bool(found) and found[0].value is not False).lower()]
    else:
        kinds = [kind for kind, _ in wanted] + [""] * len(found)
        got = [_said(one, kind or "") for one, kind in zip(found, kinds, strict=False)]
    texts = [text.replace("@T", "@") for _, text in wanted]
    if case.get("ordered") == "false" or "distinct()" in expression.text:
        got, texts = sorted(got), sorted(texts)
    assert got == texts, f"{got[:5]} instead of {texts[:5]}"


def _path_cases() -> Iterator[tuple[str, str]]:
    for group in etree.fromstring(sources.case_file("r4/fhirpath/tests-fhir-r4.xml")).iter("group"):
        for case in group.iter("test"):
            yield f"{group.get('name')}/{case.get('name')}", fault_of(partial(_path_case, case))


def test_fhirpath(tally: Tally) -> None:
    tally("fhirpath", judged("fhirpath", _path_cases()))


def _sorted(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(
        json.dumps({k: float(v) if isinstance(v, float) else v for k, v in row.items()}, sort_keys=True)
        for row in rows
    )


def _view_case(resources: list[Any], case: dict[str, Any]) -> None:
    try:
        view = compile_view(case["view"])
        names = [one.name for one in view.columns]
        rows = [dict(zip(names, row, strict=True)) for tree in resources for row in view.rows(tree)]
    except Failure as failure:
        assert case.get("expectError"), str(failure)
        return
    assert not case.get("expectError"), "no error"
    assert _sorted(rows) == _sorted(case["expect"]), f"{rows[:3]}"
    assert names == case.get("expectColumns", names), names


def _view_cases() -> Iterator[tuple[str, str]]:
    for file in sources.case_files("sql-on-fhir", ".json"):
        if not file.endswith("manifest.json"):
            suite = _JSON.decode(sources.case_file(file))
            for case in suite["tests"]:
                name = f"{file.rpartition('/')[2][:-5]}: {case['title']}"
                yield name, fault_of(partial(_view_case, suite["resources"], case))


def test_sql_on_fhir(tally: Tally) -> None:
    tally("sql-on-fhir", judged("sql-on-fhir", _view_cases()))


def _json_patch_case(case: dict[str, Any]) -> None:
    try:
        got = json_patch.apply(
            json_patch.read(json.dumps(case["patch"]).encode()), json.dumps(case["doc"]).encode()
        )
    except Failure as failure:
        assert "error" in case, str(failure)
        return
    assert "error" not in case, "no error"
    assert json.loads(got) == case.get("expected", json.loads(got)), got


def _json_patch_cases() -> Iterator[tuple[str, str]]:
    cases = json.loads(sources.case_file("r4/patch/json-patch-tests.json"))
    for number, case in enumerate(cases):
        if "patch" in case and not case.get("disabled"):
            yield f"{number}: {case.get('comment', '')}", fault_of(partial(_json_patch_case, case))


def test_json_patch(tally: Tally) -> None:
    tally("json-patch", judged("json-patch", _json_patch_cases()))


def _resource(case: Any, part: str) -> bytes:
    [element] = case.find(part)
    return json_of(etree.tostring(element, with_tail=False))


def _path_patch_case(case: Any) -> None:
    changes = path_reading.read(parse(_resource(case, "diff")))
    wrong = case.find("error") is not None
    try:
        got = path_patch.apply(changes, _resource(case, "input"))
    except Failure as failure:
        assert wrong, str(failure)
        return
    assert not wrong, "no error"
    assert json.loads(got) == json.loads(_resource(case, "output")), got


def _path_patch_cases() -> Iterator[tuple[str, str]]:
    for case in etree.fromstring(sources.case_file("r4/patch/fhir-patch-tests.xml")).iter("case"):
        yield case.get("name"), fault_of(partial(_path_patch_case, case))


def test_fhirpath_patch(tally: Tally) -> None:
    tally("fhirpath-patch", judged("fhirpath-patch", _path_patch_cases()))
