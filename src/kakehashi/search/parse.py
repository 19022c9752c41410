"""Search text to a Query: names, modifiers, chains, `_has`; what concerns the result is in results.py.

`parse_query("Observation", [("code", "718-7"), ("subject:Patient.name", "山田")])`. Names that a type does not
have are passed over and listed in `Query.ignored`, or refused when `strict`; inside a chain they are always
refused, since without them the chain would say something else. Source: https://hl7.org/fhir/R4/search.html
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from kakehashi.fhir.definitions import load
from kakehashi.fhir.indexing.errata import NOT_EXTRACTED
from kakehashi.fhir.indexing.parameters import Parameter, parameter, parameters
from kakehashi.search import measures, results
from kakehashi.search.conditions import Asked, condition
from kakehashi.search.plan import And, Chain, Changed, Condition, Exists, HasId, Not, Or, Query, Reverse
from kakehashi.search.refusals import bad_modifier, bad_value, too_costly, unknown, unsupported
from kakehashi.search.split import plain, split

PARAMETERS = 50  # parameters a request
VALUES = 500  # values a request, over all its parameters
LENGTH = 4000  # characters a value list
DEPTH = 4  # links of a chain, `_has` among them
SUBSEARCHES = 24  # chains and `_has` a request, each alternative type of a chain counted

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
_NEGATED = {"not": "", "not-in": "in"}  # modifiers of tokens, and of what they are the opposite


@dataclass(slots=True)
class _Search:
    """What holds for the whole request, and what it has cost so far."""

    now: float
    base_url: str
    values: int = 0
    subsearches: int = 0
    ignored: list[str] = field(default_factory=list)


class _Unknown(Exception):
    """The outermost type has no parameter of that name; never leaves this module."""


def parse_query(
    resource_type: str,
    pairs: Iterable[tuple[str, str]],
    *,
    strict: bool = False,
    at: datetime | None = None,
    base_url: str = "",
) -> Query:
    """Return the Query that the pairs of name and value ask for.

    `at` is the moment that `ap` is reckoned from; `base_url` the server's own, whose references are local.
    Raises BadSearchValue, NotSupported, TooCostly; each names the parameter and shows an example.
    """
    listed = list(pairs)
    if len(listed) > PARAMETERS:
        raise too_costly(
            "", f"検索パラメータは {PARAMETERS} 個までです。", f"at most {PARAMETERS} parameters."
        )
    now = (at or datetime.fromtimestamp(0, UTC)).timestamp() * 1000
    search = _Search(now, base_url.rstrip("/"))
    asked, rest = results.read(resource_type, listed)
    parts, used = [], []
    for name, value in rest:
        try:
            parts.append(_condition(search, resource_type, name, value, 0))
            used.append((name, value))
        except _Unknown:
            if strict:
                raise unknown(resource_type, name, tuple(parameters(resource_type))) from None
            search.ignored.append(name)
    return asked.query(resource_type, And(tuple(parts)), used, search.ignored)


def _condition(search: _Search, base: str, name: str, value: str, depth: int) -> Condition:
    """Return the condition of one pair, on resources of type `base`."""
    if len(value) > LENGTH:
        raise too_costly(name, f"値は {LENGTH} 文字までです。", f"at most {LENGTH} characters.")
    if name.startswith("_has:"):
        return _reverse(search, name, value, depth)
    head, dot, further = name.partition(".")
    code, _, modifier = head.partition(":")
    if code in NOT_EXTRACTED:
        raise unsupported(code, *NOT_EXTRACTED[code].split(" / "))
    found = parameter(base, code)
    if found is None:
        if depth:
            raise unknown(base, code, tuple(parameters(base)))
        raise _Unknown
    if dot:
        return _chain(search, found, modifier, further, value, depth)
    return _values(search, found, modifier, value)


def _values(search: _Search, found: Parameter, modifier: str, value: str) -> Condition:
    if modifier == "missing":
        return _missing(found, value)
    values = split(value, ",")
    search.values += len(values)
    if search.values > VALUES:
        raise too_costly(
            found.code, f"値は合わせて {VALUES} 個までです。", f"at most {VALUES} values in all."
        )
    if found.code == "_id":
        return _ids(modifier, values)
    if found.code == "_lastUpdated":
        return _any([_changed(search, modifier, one) for one in values])
    negated = modifier in _NEGATED and found.kind == "token"
    asked = Asked(_NEGATED[modifier] if negated else modifier, search.now, search.base_url)
    whole = _any([condition(found, asked, one) for one in values])
    return Not(whole) if negated else whole


def _any(parts: list[Condition]) -> Condition:
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


def _ids(modifier: str, values: list[str]) -> Condition:
    if modifier not in ("", "not"):
        raise bad_modifier("_id", modifier, ("not",))
    ids = tuple(plain(one) for one in values)
    if not all(_ID.fullmatch(one) for one in ids):
        raise bad_value("_id", "token", example="123,abc-4")
    return Not(HasId(ids)) if modifier else HasId(ids)


def _changed(search: _Search, modifier: str, value: str) -> Condition:
    if modifier:
        raise bad_modifier("_lastUpdated", modifier, ())
    found = measures.date(plain(value), now=search.now)
    if found is None:
        raise bad_value("_lastUpdated", "date")
    return Changed(found.comparison, found.low, found.high)


def _missing(found: Parameter, value: str) -> Condition:
    if value not in ("true", "false"):
        raise bad_value(f"{found.code}:missing", "token", example="true")
    there = _exists(found)
    return Not(there) if value == "true" else there


def _exists(found: Parameter) -> Condition:
    """A column is always there; a union where a member is; a composite of the resource where all components are."""
    if found.code in ("_id", "_lastUpdated"):
        return And()
    if found.union:
        return Or(tuple(_exists(_named(found, code)) for code in found.union))
    if found.both:
        return And(tuple(_exists(_named(found, code)) for code in found.both))
    return Exists(found)


def _named(found: Parameter, code: str) -> Parameter:
    member = parameter(found.base, code)
    assert member is not None, f"{found.base}.{code}"
    return member


def _chain(
    search: _Search, found: Parameter, modifier: str, further: str, value: str, depth: int
) -> Condition:
    """`subject:Patient.name`, `subject.name`: references to resources that meet the rest."""
    _deeper(search, found.code, depth)
    if found.kind != "reference":
        raise bad_value(found.code, found.kind)
    if modifier and modifier not in load().resource_types():
        raise bad_modifier(found.code, modifier, ("[type]",))
    code = further.partition(".")[0].partition(":")[0]
    if not modifier and not found.targets and code != "_has":
        raise bad_value(found.code, "reference", example=f"{found.code}:Patient.{further}=…")
    types = [modifier] if modifier else [t for t in found.targets if code == "_has" or parameter(t, code)]
    if not types:
        raise unknown("/".join(found.targets), code, ())
    members = [_named(found, one) for one in found.union] or [found]
    parts: list[Condition] = []
    for target in types:
        where = _condition(search, target, further, value, depth + 1)
        for member in members:
            _count(search, found.code)
            parts.append(Chain(member, target, where))
    if further == "identifier":  # a logical reference says itself what the chain asks of its target
        parts += [_values(search, member, "identifier", value) for member in members]
    return _any(parts)


def _reverse(search: _Search, name: str, value: str, depth: int) -> Condition:
    """`_has:Observation:patient:code`: resources that refer here and meet the rest."""
    _deeper(search, "_has", depth)
    parts = name.split(":", 3)
    if len(parts) != 4 or not parts[3]:
        raise bad_value("_has", "token", example="_has:Observation:patient:code=718-7")
    _, source, code, further = parts
    found = parameter(source, code)
    if found is None or found.kind != "reference":
        known = tuple(p.code for p in parameters(source).values() if p.kind == "reference")
        raise unknown(source, code, known)
    where = _condition(search, source, further, value, depth + 1)
    members = [_named(found, one) for one in found.union] or [found]
    for _ in members:
        _count(search, "_has")
    return _any([Reverse(source, member, where) for member in members])


def _deeper(search: _Search, name: str, depth: int) -> None:
    if depth >= DEPTH:
        raise too_costly(name, f"連鎖は {DEPTH} 段までです。", f"chains have at most {DEPTH} links.")


def _count(search: _Search, name: str) -> None:
    search.subsearches += 1
    if search.subsearches > SUBSEARCHES:
        raise too_costly(
            name,
            f"連鎖と _has は合わせて {SUBSEARCHES} 個までです。参照先の型を subject:Patient.name のように書きます。",
            f"at most {SUBSEARCHES} chains and _has in all; say the type, as in subject:Patient.name.",
        )
