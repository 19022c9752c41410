"""What is told of an answered request to whoever watches: our own words and names that R4 or this server knows."""

from functools import cache
from urllib.parse import unquote_plus

from kakehashi.faces.api.call import Call
from kakehashi.faces.api.openapi_words import SAID
from kakehashi.faces.api.route import Route
from kakehashi.faces.slow import Answered
from kakehashi.fhir.indexing.parameters import parameters

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})
_OF_SEARCHES = frozenset(
    "_has _type _text _content _list _filter _sort _count _include _revinclude _summary _elements _total _contained "
    "_containedType _score _cursor _format _pretty".split()
)
_MOST = 100  # parameters that are looked at


def told_of(call: Call, route: Route | None, status: int, seconds: float) -> Answered:
    """Return what is told of a request. Names of parameters that nobody knows are not among those that are `known`."""
    label, path = (route.label, route.path) if route else ("none", "-")
    kind = call.names.get("member") or call.names.get("type", "")
    pairs = call.query.split("&", _MOST)[:_MOST]
    names = tuple(unquote_plus(pair.partition("=")[0]) for pair in pairs if pair)
    known = _known(label, kind) if names else frozenset()
    return Answered(label, kind, method_of(call.method), path, status, call.request, seconds, names, known)


def method_of(method: str) -> str:
    """Return an HTTP method that is one, `-` for any other."""
    return method if method in _METHODS else "-"


@cache
def _known(label: str, resource_type: str) -> frozenset[str]:
    said = SAID.get(label)
    return _OF_SEARCHES | set(said.query if said else ()) | parameters(resource_type).keys()
