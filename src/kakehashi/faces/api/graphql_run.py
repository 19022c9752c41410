"""`$graphql`: by GET (`?query=…&variables=…&operationName=…`) or POST (JSON, or the query as application/graphql).

The answer is JSON, not FHIR: `data`, and `errors` whose `extensions` name the rule and carry an OperationOutcome. What
is no GraphQL request at all is answered by an OperationOutcome. Source: https://hl7.org/fhir/R4/graphql.html
"""

from dataclasses import dataclass
from typing import Any

import orjson

from kakehashi.core.errors import BadRequest, Malformed, TooLarge
from kakehashi.engines.graphql.answering import Answered, Question, Told, answer, require_text
from kakehashi.engines.graphql.reading import Pairs
from kakehashi.faces.api import pages
from kakehashi.faces.api.answer import JSON, Answer
from kakehashi.faces.api.call import Call
from kakehashi.faces.api.failures import UnsupportedMedia, outcome_of
from kakehashi.faces.api.headers import media_of
from kakehashi.fhir.decode import decoded

_OWN = b"application/graphql-response+json"
_LARGEST = 1 << 20  # bytes of a body


async def run(call: Call) -> Answer:
    """Answer a query about the store, or about one resource."""
    question = await _question(call)
    on = (call.names["type"], call.names["id"]) if "id" in call.names else None
    told = await answer(call.house, call.asked, question, _Sealed(call), base=call.api.base, on=on)
    own = _OWN.decode() in call.header("accept")
    status = 400 if own and not (told.data or told.whole) else 200
    return Answer(status, _written(told), media=_OWN if own else JSON)


@dataclass(frozen=True, slots=True)
class _Sealed:
    """Places in lists, sealed as the links of searches are."""

    call: Call

    def seal(self, cursor: str, resource_type: str, pairs: Pairs) -> str:
        return self.call.api.seals.seal(cursor, self._context(resource_type, pairs))

    def open(self, text: str, resource_type: str, pairs: Pairs) -> str:
        return self.call.api.seals.open(text, self._context(resource_type, pairs))

    def _context(self, resource_type: str, pairs: Pairs) -> str:
        return pages.context_of(
            self.call.caller, f"{self.call.api.base}/$graphql/{resource_type}", list(pairs)
        )


async def _question(call: Call) -> Question:
    said: dict[str, Any] = {name: value for name, value in call.pairs if name in _MEMBERS}
    if "variables" in said:
        said["variables"] = decoded(said["variables"].encode("utf-8", "surrogateescape"))
    if call.method == "POST":
        said |= await _posted(call)
    variables, operation = said.get("variables") or {}, said.get("operationName") or ""
    if not isinstance(variables, dict) or not isinstance(operation, str):
        raise BadRequest(
            "variables は JSON のオブジェクト、operationName は文字列です。",
            "variables is a JSON object, operationName a text.",
            rule="graphql.request",
            place="operationName" if isinstance(variables, dict) else "variables",
        )
    return Question(require_text(said.get("query")), variables, operation)


async def _posted(call: Call) -> dict[str, Any]:
    """The members of a body: of JSON, or the query itself; of a Parameters resource, its parameter query."""
    media = media_of(call.header("content-type"))
    body = await call.body_of()
    if len(body) > _LARGEST:
        raise TooLarge(
            "問い合わせの本文は 1 MB までです。", "The body of a query has 1 MB at most.",
            rule="graphql.length",
        )  # fmt: skip
    if media == "application/graphql":
        return {"query": _text(body)}
    if media not in ("application/json", "application/fhir+json", ""):
        raise UnsupportedMedia(
            "$graphql は application/json か application/graphql で送ってください。",
            "Send $graphql as application/json or application/graphql.",
            rule="http.content-type",
        )
    if not body:
        return {}
    said = decoded(body)
    if not isinstance(said, dict):
        raise BadRequest(
            "本文は query を持つ JSON のオブジェクトです。", "The body is a JSON object with a query.",
            rule="graphql.request",
        )  # fmt: skip
    if said.get("resourceType") == "Parameters":
        listed = said.get("parameter")
        return {
            str(one["name"]): one.get("valueString")
            for one in (listed if isinstance(listed, list) else ())
            if isinstance(one, dict) and one.get("name") in _MEMBERS
        }
    return {name: value for name, value in said.items() if name in _MEMBERS}


_MEMBERS = frozenset({"query", "variables", "operationName"})


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise Malformed("本文は UTF-8 です。", "The body is UTF-8.", rule="json.encoding") from None


def _written(told: Answered) -> bytes:
    if told.whole:
        return told.whole
    parts = [b'"data":' + told.data] if told.data else []
    if told.errors:
        parts.insert(0, b'"errors":' + orjson.dumps([_error(one) for one in told.errors]))
    return b"{" + b",".join(parts) + b"}"


def _error(told: Told) -> dict[str, object]:
    problem = told.problem
    said: dict[str, object] = {"message": f"{problem.ja} {problem.en}"}
    if told.locations:
        said["locations"] = [{"line": line, "column": column} for line, column in told.locations]
    if told.path is not None:
        said["path"] = told.path
    said["extensions"] = {
        "rule": problem.rule,
        "code": problem.code,
        "place": problem.place,
        "resource": orjson.Fragment(outcome_of([problem])),
    }
    return said
