"""What `$viewdefinition-run` is asked: Parameters, and the address's parameters besides, as values.

Source: https://sql-on-fhir.org, OperationDefinition $viewdefinition-run.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from kakehashi.core.errors import BadRequest, NotFound, NotSupported
from kakehashi.engines.records.asked import EVER
from kakehashi.engines.views.bodies import written
from kakehashi.engines.views.shipped import shipped
from kakehashi.faces.api.pages import Pairs
from kakehashi.fhir.parse import Tree

MOST_ROWS = 10_000  # of one answer
_NO_TIME = datetime(1, 1, 1)  # noqa: DTZ001 - has no offset, and is refused for it
_NOT_HERE = {
    "source": (
        "サーバーの外のデータは読みません。resource に入れて送ってください。",
        "Nothing outside this server is read; send resources along as 'resource'.",
    ),
    "group": (
        "group での絞り込みには対応していません。patient を使ってください。",
        "Narrowing by group is not supported; use patient.",
    ),
}


@dataclass(slots=True)
class ViewAsked:
    """What is asked for. `definition` is never empty; `form` "" means that nothing is said of the format."""

    definition: bytes = b""
    resources: list[Tree] = field(default_factory=list)
    form: str = ""
    header: bool = True
    limit: int | None = None
    patient: str | None = None
    since: datetime = EVER


def told(tree: Tree, pairs: Pairs) -> ViewAsked:
    """Return what Parameters and the address ask for. Raises BadRequest, NotFound, NotSupported."""
    said = _of_parameters(tree)
    for name, value in pairs:
        _take_plain(said, name, value)
    if not said.definition:
        raise _no_view()
    if said.resources and (said.patient or said.since is not EVER):
        raise _bad(
            "resource",
            "patient と _since は、サーバーの記録に使う引数です。",
            "patient and _since are for what the server has.",
        )
    return said


def _of_parameters(tree: Tree) -> ViewAsked:
    if tree.get("resourceType") != "Parameters":
        raise _no_view()
    said = ViewAsked()
    listed = tree.get("parameter")
    for one in listed if isinstance(listed, list) else []:
        match one:
            case {"name": "viewResource", "resource": dict() as view}:
                said.definition = _once(said.definition, written(view))
            case {"name": "viewReference", "valueReference": {"reference": str() as reference}}:
                said.definition = _once(said.definition, _shipped(reference))
            case {"name": "resource", "resource": dict() as resource}:
                said.resources.append(resource)
            case {"name": str() as name}:
                _take(said, name, {key: value for key, value in one.items() if key != "name"})
    return said


def _once(former: bytes, definition: bytes) -> bytes:
    if former:
        raise BadRequest(
            "viewResource か viewReference を 1 つだけ送ってください。",
            "Send one viewResource or one viewReference.",
            rule="view.parameters",
        )
    return definition


def _shipped(reference: str) -> bytes:
    name = reference.rpartition("/")[2]
    if name not in shipped():
        raise NotFound(
            f"ビュー {name} はありません。備え付け: {', '.join(shipped())}。viewResource に入れて送れます。",
            f"There is no view {name}; those that ship are {', '.join(shipped())}. Send your own as viewResource.",
            rule="view.missing",
            place="viewReference",
        )
    return shipped()[name]


def _take(said: ViewAsked, name: str, value: dict[str, Any]) -> None:
    given = next(iter(value.values()), None)
    if name == "patient" and isinstance(given, dict):
        given = given.get("reference")
    if not isinstance(given, str | int | bool):
        raise _bad(name, "この引数は読めません。", "this parameter cannot be read.")
    _take_plain(said, name, str(given).lower() if isinstance(given, bool) else str(given))


def _take_plain(said: ViewAsked, name: str, value: str) -> None:
    if name in _NOT_HERE:
        ja, en = _NOT_HERE[name]
        raise NotSupported(ja, en, rule="view.parameters", place=name)
    if name not in _PLAIN:
        known = ", ".join(("viewResource", "viewReference", "resource", *_PLAIN))
        raise _bad(name, f"使える引数: {known}。", f"the parameters here are {known}.")
    _PLAIN[name](said, value)


def _take_limit(said: ViewAsked, value: str) -> None:
    if not (value.isascii() and value.isdigit() and 0 < int(value[:9]) <= MOST_ROWS and len(value) < 9):
        raise _bad("_limit", f"1 から {MOST_ROWS} です。", f"it is 1 to {MOST_ROWS}.")
    said.limit = int(value)


def _take_patient(said: ViewAsked, value: str) -> None:
    kind, slash, name = value.rpartition("/")
    if (slash and kind != "Patient") or not name:
        raise _bad("patient", "Patient/… と書いてください。", "write Patient/….")
    said.patient = name


def _take_since(said: ViewAsked, value: str) -> None:
    try:
        since = datetime.fromisoformat(value)
    except ValueError:
        since = _NO_TIME
    if since.tzinfo is None:
        raise _bad(
            "_since", "2026-11-21T09:30:00+09:00 の形です。", "write it like 2026-11-21T09:30:00+09:00."
        )
    said.since = since.astimezone(UTC)


def _take_form(said: ViewAsked, value: str) -> None:
    said.form = value


def _take_header(said: ViewAsked, value: str) -> None:
    if value not in ("true", "false"):
        raise _bad("header", "true か false です。", "it is true or false.")
    said.header = value == "true"


_PLAIN: dict[str, Callable[[ViewAsked, str], None]] = {
    "_format": _take_form,
    "header": _take_header,
    "_limit": _take_limit,
    "patient": _take_patient,
    "_since": _take_since,
}


def _bad(name: str, ja: str, en: str) -> BadRequest:
    return BadRequest(f"{name}: {ja}", f"{name}: {en}", rule="view.parameters", place=name)


def _no_view() -> BadRequest:
    return BadRequest(
        "Parameters の viewResource に ViewDefinition を入れて送ってください。",
        "Send Parameters with a ViewDefinition as viewResource.",
        rule="view.parameters",
        place="viewResource",
    )
