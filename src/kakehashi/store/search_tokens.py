"""Which tokens a condition asks for, and which marks narrow it: the search's side of fhir/indexing/entries.py."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from kakehashi.core.hashing import hash64, row_key
from kakehashi.core.kinds import Kind
from kakehashi.fhir.facts_kinds import FIXED
from kakehashi.fhir.indexing import coarse, forms, grams
from kakehashi.fhir.indexing.entries import WITHIN, salted
from kakehashi.fhir.indexing.parameters import Parameter
from kakehashi.search.plan import (
    And,
    AnyCode,
    Chain,
    Condition,
    Content,
    HasToken,
    HasUri,
    Item,
    OfType,
    Or,
    PointsTo,
    PointsToIdentifier,
    PointsToUrl,
    Range,
    Text,
)

_SHORT = 40  # marks that narrow a search to little: those of a month's days at most
_OF_ONE = ("Identifier", "ContactPoint")  # data types whose values belong to one thing


def token(asked: Condition) -> int | None:
    """Return the one token that a row has exactly when the condition holds; None where no token says it."""
    match asked:
        case HasToken(p, None, code) if code is not None:
            return p.salt ^ forms.code_form(code)
        case HasToken(p, "", code) if p.plain and code is not None:
            return p.salt ^ forms.code_form(code)
        case PointsTo(p, kind, key):
            return p.salt_to(kind) ^ row_key(kind, key)
        case PointsToUrl(p, url):
            return p.salt ^ hash64(url)
        case PointsToIdentifier(p, None, code) if code is not None:
            return logical(p) ^ forms.code_form(code)
        case OfType(p, system, code, value):
            return salted(p.name + ":of-type") ^ hash64(f"{system}|{code}|{value}")
        case HasUri(p, uri, "equal"):
            return p.salt ^ hash64(uri)
        case HasUri(p, uri, "below"):
            return salted(p.name + ":below") ^ hash64(forms.uri_prefixes(uri)[0])
        case Text(p, text, "exact"):
            return salted(p.name + ":exact") ^ hash64(text)
        case Text(p, text, "starts") if len(text) <= forms.STARTS:
            return p.salt ^ forms.asked_start(text)
        case Item(p, (first, second)) if not isinstance(second, Range):
            return p.salt ^ forms.together(form(first), form(second))
        case _:
            return None


@dataclass(frozen=True, slots=True)
class Coded:
    """A coding of a system, as tokens: the code's (None: any code), and the system's, alone or beside its code."""

    code: int | None
    alone: int
    beside: int


def coded(asked: Condition) -> Coded | None:
    """Return the tokens of a condition that names a system; None for any other."""
    match asked:
        case HasToken(p, str() as system, code):
            salt = p.salt
        case PointsToIdentifier(p, str() as system, code):
            salt = logical(p)
        case _:
            return None
    form = forms.system_form(system)
    return Coded(
        None if code is None else salt ^ forms.code_form(code), salt ^ form, salt ^ forms.beside(form)
    )


def singles_out(asked: Condition) -> bool:
    """Whether a condition is met by few rows whatever the store holds: an identifier, a reference to one person's data.

    Such a token is enough to find the rows; a code or a status may be that of every second row.
    """
    match asked:
        case HasToken(p, _, code):
            return code is not None and any(route.type in _OF_ONE for route in p.routes)
        case PointsTo(_, kind, _):
            return FIXED.get(kind) is not Kind.SHARED
        case PointsToIdentifier(_, _, code):
            return code is not None
        case OfType() | Chain():
            return True
        case And(parts):
            return any(map(singles_out, parts))
        case Or(parts):
            return bool(parts) and all(map(singles_out, parts))
        case _:
            return False


def narrows(asked: Condition, common: Collection[int]) -> bool:
    """Whether the tokens of a condition find few enough rows: one of them is not `common`, or belongs to one thing."""
    match asked:
        case And(parts):
            return any(narrows(part, common) for part in parts)
        case Or(parts):
            return bool(parts) and all(narrows(part, common) for part in parts)
        case Item(p, tests):
            return p.salt ^ form(tests[0]) not in common
        case Text(p, text, "starts"):
            return p.salt ^ forms.asked_start(text) not in common
        case Content(text):
            exact, some = grams.asked(text)
            return any(mark not in common for mark in exact) or any(
                not any(mark in common for mark in marks) for marks in some
            )
    found = token(asked)
    if found is None and (of_system := coded(asked)) is not None:
        found = of_system.code
    return singles_out(asked) or (found is not None and found not in common)


def short_time(asked: Condition) -> bool:
    """Whether a condition asks for a short time, such as a day or a month: few rows of all that there are."""
    ranges = [part for part in asked.parts if isinstance(part, Range)] if isinstance(asked, And) else []
    for parameter in dict.fromkeys(one.parameter for one in ranges):
        marks = narrowing(one for one in ranges if one.parameter is parameter)
        if marks is not None and len(marks) <= _SHORT:
            return True
    return False


def has_tokens(asked: Condition) -> bool:
    """Whether only rows that have some token can meet the condition; tokens belong to one resource type each."""
    match asked:
        case And(parts):
            return any(map(has_tokens, parts))
        case Or(parts):
            return bool(parts) and all(map(has_tokens, parts))
        case Range():
            return narrowing([asked]) is not None
        case Text(p, _, how):
            return how != "contains" or p.code in WITHIN
        case Item() | HasUri() | Chain() | AnyCode() | Content():
            return True
        case _:
            return token(asked) is not None or coded(asked) is not None


def logical(parameter: Parameter) -> int:
    """Return the salt of a reference parameter's logical references."""
    return salted(parameter.name + ":identifier")


def form(test: Condition) -> int:
    """Return what is hashed for a token or reference component of a composite."""
    match test:
        case HasToken(_, system, code) if code is not None:
            return forms.asked_coding(system, code)
        case PointsTo(_, kind, key):
            return row_key(kind, key)
        case PointsToUrl(_, url):
            return hash64(url)
    raise TypeError(type(test).__name__)


def above(asked: HasUri) -> list[int]:
    """Return the tokens one of which a URI above the asked one has."""
    wanted = dict.fromkeys(
        [asked.uri, *(f"{p}{end}" for p in forms.uri_prefixes(asked.uri) for end in ("", "/"))]
    )
    return [asked.parameter.salt ^ hash64(uri) for uri in wanted]


def narrowing(asked: Iterable[Range]) -> list[int] | None:
    """Return tokens one of which every row has for which all these dates of one parameter hold; None: no help.

    A lower and an upper bound narrow together: a row with one value has it between them, and a row with several
    is marked "wide".
    """
    low, high = float("-inf"), float("inf")
    parameter = None
    for one in asked:
        parameter = one.parameter
        if one.comparison in ("eq", "ap", "gt", "ge", "sa"):
            low = max(low, one.low)
        if one.comparison in ("eq", "ap", "lt", "le", "eb"):
            high = min(high, one.high)
    if parameter is None or parameter.kind != "date" or low >= high:
        return None
    found = coarse.cover_times(low, high)
    return [parameter.salt ^ mark for mark in found] if found else None
