"""The parameters of an operation, from the address and from a Parameters resource alike.

Source: https://hl7.org/fhir/R4/operations.html#request, https://hl7.org/fhir/R4/parameters.html
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import orjson

from kakehashi.core.errors import BadRequest
from kakehashi.faces.api.call import Call
from kakehashi.fhir.parse import Resource, Tree, parse

_ALWAYS = ("_format", "_pretty")  # of the answer, not of the operation
_OF_CLIENTS = "x-"  # parameters that clients of other servers send to all; they ask nothing of us


@dataclass(frozen=True, slots=True)
class Given:
    """Parameters by name, in order: each an object as in `Parameters.parameter`."""

    by_name: Mapping[str, list[Tree]]

    def text(self, name: str) -> str:
        """Return a plain value as text, "" where it is not given. Raises BadRequest where it is no plain value."""
        return next(iter(self.texts(name)), "")

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the plain values of a parameter as text."""
        return tuple(_plain(name, one) for one in self.by_name.get(name, ()))

    def flag(self, name: str, default: bool = False) -> bool:
        """Return a boolean. Raises BadRequest for anything else."""
        said = self.text(name)
        if said not in ("", "true", "false"):
            raise bad(name, "true")
        return said == "true" if said else default

    def number(self, name: str) -> int | None:
        """Return a number from 0 on, None where it is not given. Raises BadRequest for anything else."""
        said = self.text(name)
        if not said:
            return None
        if not (said.isascii() and said.isdigit() and len(said) < 10):
            raise bad(name, "50")
        return int(said)

    def objects(self, name: str, member: str) -> list[Tree]:
        """Return values that are objects, such as `valueCoding`. Raises BadRequest for anything else."""
        found = [one.get(member) for one in self.by_name.get(name, ())]
        if not all(isinstance(one, dict) for one in found):
            raise bad(name, f"Parameters.parameter.{member}")
        return [one for one in found if isinstance(one, dict)]

    def parts(self, name: str) -> list["Given"]:
        """Return the parts of each parameter of a name."""
        return [_gathered(one.get("part", [])) for one in self.by_name.get(name, ())]

    def resource(self, name: str, resource_type: str) -> Resource | None:
        """Return a resource, None where it is not given. Raises BadRequest where it is another's type."""
        for one in self.by_name.get(name, ()):
            if isinstance(one.get("resource"), dict):
                found = parse(orjson.dumps(one["resource"]))
                if found.type == resource_type:
                    return found
            raise bad(name, f"Parameters.parameter.resource ({resource_type})")
        return None


async def given(call: Call, known: Collection[str], *, whole: str = "", whole_type: str = "") -> Given:
    """Return the parameters of a call. `whole`: the parameter that a body of `whole_type` is.

    Raises BadRequest for a parameter that is not `known`, Malformed, UnsupportedMedia.
    """
    found: dict[str, list[Tree]] = {}
    for name, value in call.pairs:
        found.setdefault(name, []).append({"value": value})
    if call.method not in ("GET", "HEAD") and _has_body(call):
        sent = await call.resource()
        if sent.type == "Parameters":
            for name, some in _gathered(sent.tree.get("parameter", [])).by_name.items():
                found.setdefault(name, []).extend(some)
        elif sent.type == whole_type:
            found[whole] = [{"resource": sent.tree}]
        else:
            raise _no_parameters(whole_type)
    for name in found:
        if name not in known and name not in _ALWAYS and not name.startswith(_OF_CLIENTS):
            raise _unknown(name, known)
    return Given(found)


def bad(name: str, example: str) -> BadRequest:
    """Return the refusal of a parameter that cannot be read."""
    return BadRequest(
        f"パラメータ {name} の値が読めません。例: {example}",
        f"The parameter {name} cannot be read. Example: {example}",
        rule="operation.parameter",
        place=name,
    )


def _gathered(listed: object) -> Given:
    """The parameters of a list by name. Raises BadRequest for what is no list of such."""
    if not isinstance(listed, list):
        raise _nameless()
    found: dict[str, list[Tree]] = {}
    for one in listed:
        if not isinstance(one, dict) or not isinstance(one.get("name"), str):
            raise _nameless()
        found.setdefault(one["name"], []).append(one)
    return Given(found)


def _nameless() -> BadRequest:
    return bad("parameter.name", '[{"name": "url", "valueUri": "…"}]')


def _plain(name: str, one: Tree) -> str:
    values = [value for member, value in one.items() if member.startswith("value")]
    if len(values) != 1 or isinstance(values[0], dict | list):
        raise bad(name, "Parameters.parameter.valueString")
    return str(values[0]).lower() if isinstance(values[0], bool) else str(values[0])


def _has_body(call: Call) -> bool:
    return call.header("content-length") not in ("", "0") or bool(
        call.header("transfer-encoding") or call.header("content-type")
    )


def _no_parameters(whole_type: str) -> BadRequest:
    wanted = f"Parameters / {whole_type}" if whole_type else "Parameters"
    return BadRequest(
        f"本文は {wanted} リソースで送ってください。",
        f"Send a {wanted} resource as the body.",
        rule="operation.body",
        place="resourceType",
    )


def _unknown(name: str, known: Collection[str]) -> BadRequest:
    shown, listed = name[:64], ", ".join(sorted(known))
    return BadRequest(
        f"この操作にパラメータ {shown} はありません。使えるもの: {listed}",
        f"This operation has no parameter {shown}. It has: {listed}",
        rule="operation.parameter",
        place=shown,
    )
