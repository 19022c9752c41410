"""Parameters that concern the answer, not the choice: `_sort`, `_count`, `_include`, `_summary`, `_elements`, …

Source: https://hl7.org/fhir/R4/search.html#return
"""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import orjson

from kakehashi.core.errors import BadSearchValue
from kakehashi.fhir.definitions import load
from kakehashi.fhir.indexing.parameters import Parameter, parameter, parameters
from kakehashi.search.plan import Condition, Cursor, Include, Query, SortKey
from kakehashi.search.refusals import bad_modifier, bad_value, too_costly, unknown, unsupported
from kakehashi.search.scores import SCORE, key_of

COUNT: Final = 50  # resources a page where nothing is asked
COUNT_MOST: Final = 1000  # resources a page at most; more is cut to it, as R4 allows
INCLUDES: Final = 20  # _include and _revinclude a request
SORTS: Final = 5  # keys of the order
_SUMMARIES: Final = ("true", "text", "data", "count", "false")
_TOTALS: Final = ("none", "estimate", "accurate")
_PASSED_OVER: Final = ("_format", "_pretty")  # the face's own
_BASE64 = re.compile(r"[A-Za-z0-9_-]{1,4000}", re.ASCII)
_ELEMENT = re.compile(r"[A-Za-z][A-Za-z0-9.]{0,99}", re.ASCII)


@dataclass(slots=True)
class Asked:
    """What the request says of its answer."""

    type: str
    sort: tuple[SortKey, ...] = ()
    count: int = COUNT
    cursor: Cursor | None = None
    include: tuple[Include, ...] = ()
    revinclude: tuple[Include, ...] = ()
    summary: str = "false"
    elements: tuple[str, ...] = ()
    total: str = "none"

    def query(
        self, resource_type: str, where: Condition, used: list[tuple[str, str]], ignored: list[str]
    ) -> Query:
        """Return the whole Query."""
        if self.cursor and [type(value) for value in self.cursor.values] != [_type(key) for key in self.sort]:
            raise bad_cursor()
        return Query(
            resource_type, where, self.sort, self.count, self.cursor, self.include, self.revinclude,
            self.summary if self.count else "count",  # R4: _count=0 is treated as _summary=count
            self.elements, self.total, tuple(ignored), tuple(used),
        )  # fmt: skip


def _type(key: SortKey) -> type[float] | type[str]:
    """The Python type of the values that a key sorts by."""
    timed = key.parameter.code == "_lastUpdated" or key.parameter.kind in ("date", "number", "quantity")
    return float if timed else str


def read(resource_type: str, pairs: list[tuple[str, str]]) -> tuple[Asked, list[tuple[str, str]]]:
    """Return what the pairs say of the answer, and the pairs that choose. Empty values choose nothing."""
    asked, rest = Asked(resource_type), []
    for name, value in pairs:
        code, _, modifier = name.partition(":")
        if reader := _READERS.get(code):
            if modifier and code not in ("_include", "_revinclude"):
                raise bad_modifier(code, modifier, ())
            reader(asked, modifier, value)
        elif value and name not in _PASSED_OVER:
            rest.append((name, value))
    return asked, rest


def encode_cursor(cursor: Cursor) -> str:
    """Return a cursor as text for a URL. It is opaque, not secret: a face that fears forgery signs it."""
    packed = orjson.dumps([_said(value) for value in cursor.values] + [cursor.rid])
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def _said(value: float | str) -> float | str | None:
    """JSON has no infinity: its sign stands for it, in a list so that no text is like it."""
    return value if isinstance(value, str) or abs(value) != float("inf") else None if value > 0 else "\x00"


def decode_cursor(text: str) -> Cursor:
    """Return the cursor that `encode_cursor` wrote. Raises BadSearchValue."""
    if not _BASE64.fullmatch(text):
        raise bad_cursor()
    try:
        values = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        raise bad_cursor() from None
    if not isinstance(values, list) or not values or not isinstance(values[-1], int):
        raise bad_cursor()
    *keys, rid = values
    if not -(1 << 63) <= rid < 1 << 63 or not all(
        isinstance(k, str | float | int) or k is None for k in keys
    ):
        raise bad_cursor()
    return Cursor(tuple(_meant(key) for key in keys), rid)


def _meant(value: float | str | None) -> float | str:
    if value is None:
        return float("inf")
    return float("-inf") if value == "\x00" else value if isinstance(value, str) else float(value)


def bad_cursor() -> BadSearchValue:
    """The cursor is none of ours, or of another search."""
    return BadSearchValue(
        "_cursor の値が正しくありません。前のページの next のリンクをそのまま使ってください。",
        "The value of _cursor is not right; use the next link of the page before as it is.",
        rule="search.value",
        place="_cursor",
    )


def _sort(asked: Asked, modifier: str, value: str) -> None:
    names = [name for name in value.split(",") if name]
    if len(names) > SORTS:
        raise too_costly("_sort", f"並べ替えは {SORTS} 個までです。", f"at most {SORTS} keys.")
    asked.sort = tuple(_key(asked.type, name) for name in names)


def _key(resource_type: str, name: str) -> SortKey:
    if name.removeprefix("-") == SCORE:
        return SortKey(key_of(resource_type), name.startswith("-"))
    found = parameter(resource_type, name.removeprefix("-"))
    if found is None:
        raise unknown(resource_type, name.removeprefix("-"), tuple(parameters(resource_type)))
    if not sortable(found):
        known = ", ".join(p.code for p in parameters(resource_type).values() if sortable(p))
        raise unsupported(
            "_sort",
            f"{found.code} では並べ替えられません。使えるもの: {known}",
            f"cannot sort by {found.code}. It may be: {known}",
        )
    return SortKey(found, name.startswith("-"))


def sortable(found: Parameter) -> bool:
    """Say whether a result can be sorted by the parameter: its values have an order that the index knows.

    Of codes, the index knows hashes only; they can be sorted where the value set lists every code.
    """
    return found.code in ("_id", "_lastUpdated") or (
        found.kind in ("date", "number", "quantity", "string")
        or (found.kind == "token" and bool(found.codes))
    )


def _count(asked: Asked, modifier: str, value: str) -> None:
    if not re.fullmatch(r"\d{1,9}", value, re.ASCII):
        raise bad_value("_count", "number", example="50")
    asked.count = min(int(value), COUNT_MOST)


def _cursor(asked: Asked, modifier: str, value: str) -> None:
    asked.cursor = decode_cursor(value)


def _summary(asked: Asked, modifier: str, value: str) -> None:
    if value not in _SUMMARIES:
        raise bad_value("_summary", "token", example=", ".join(_SUMMARIES))
    asked.summary = value


def _elements(asked: Asked, modifier: str, value: str) -> None:
    names = tuple(value.split(","))
    if not all(_ELEMENT.fullmatch(name) for name in names):
        raise bad_value("_elements", "token", example="identifier,status,subject")
    asked.elements = names


def _total(asked: Asked, modifier: str, value: str) -> None:
    if value not in _TOTALS:
        raise bad_value("_total", "token", example=", ".join(_TOTALS))
    asked.total = value


def _contained(asked: Asked, modifier: str, value: str) -> None:
    if value not in ("true", "false", "both"):
        raise bad_value("_contained", "token", example="false")
    if value != "false":
        raise unsupported(
            "_contained",
            "false だけに対応しています。contained の中の言葉は _content で探せます。",
            "only false is served; words inside contained resources are found by _content.",
        )


def _contained_type(asked: Asked, modifier: str, value: str) -> None:
    """Of no consequence where `_contained` is false: R4 has it say how contained matches are returned."""
    if value not in ("container", "contained"):
        raise bad_value("_containedType", "token", example="container")


def _score(asked: Asked, modifier: str, value: str) -> None:
    """R5 has it ask for scores; here they are told wherever there are words to score."""
    if value not in ("true", "false"):
        raise bad_value("_score", "token", example="true")


def _include(asked: Asked, modifier: str, value: str) -> None:
    asked.include = _more(asked.include, _includes("_include", modifier, value))


def _revinclude(asked: Asked, modifier: str, value: str) -> None:
    asked.revinclude = _more(asked.revinclude, _includes("_revinclude", modifier, value))


def _more(known: tuple[Include, ...], new: list[Include]) -> tuple[Include, ...]:
    if len(known) + len(new) > INCLUDES:
        raise too_costly("_include", f"{INCLUDES} 個までです。", f"at most {INCLUDES}.")
    return (*known, *new)


def _includes(name: str, modifier: str, value: str) -> list[Include]:
    """Read `Observation:subject:Patient`, `Observation:*` or `*`."""
    if modifier not in ("", "iterate", "recurse"):
        raise bad_modifier(name, modifier, ("iterate",))
    example = "Observation:subject:Patient"
    source, _, rest = value.partition(":")
    code, _, target = rest.partition(":")
    types = load().resource_types()
    if (source not in types and value != "*") or (target and target not in types):
        raise bad_value(name, "token", example=example)
    if code in ("*", "") or value == "*":
        return [Include(source, None, target or None, bool(modifier))]
    found = parameter(source, code)
    if found is None or found.kind != "reference":
        known = tuple(p.code for p in parameters(source).values() if p.kind == "reference")
        raise unknown(source, code, known)
    members = [member for one in found.union if (member := parameter(source, one))] or [found]
    return [Include(source, member, target or None, bool(modifier)) for member in members]


_READERS: Final[dict[str, Callable[[Asked, str, str], None]]] = {
    "_sort": _sort, "_count": _count, "_cursor": _cursor, "_summary": _summary, "_elements": _elements,
    "_total": _total, "_contained": _contained, "_containedType": _contained_type, "_score": _score,
    "_include": _include, "_revinclude": _revinclude,
}  # fmt: skip
