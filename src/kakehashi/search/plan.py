"""What a search asks for, as values. `parse.py` makes them; `memory.py` and store/search_sql.py answer them.

Every node is a frozen dataclass. Parameters are those of `fhir.indexing.parameters`; texts are normalised already.
Times are milliseconds since 1970 UTC, intervals half-open.
"""

from dataclasses import dataclass, field
from typing import Literal

from kakehashi.fhir.indexing.parameters import Parameter

Comparison = Literal["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"]


@dataclass(frozen=True, slots=True)
class And:
    """Every part holds; no part: everything."""

    parts: tuple["Condition", ...] = ()


@dataclass(frozen=True, slots=True)
class Or:
    """Some part holds; no part: nothing."""

    parts: tuple["Condition", ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Condition"


@dataclass(frozen=True, slots=True)
class HasId:
    """The resource's id is one of these."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """`_lastUpdated`: when this version was stored, against [low, high)."""

    comparison: Comparison
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Exists:
    """The parameter has some value (`:missing=false`)."""

    parameter: Parameter


@dataclass(frozen=True, slots=True)
class HasToken:
    """A coding: `system` None is any, "" is none; `code` None is any."""

    parameter: Parameter
    system: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class AnyCode:
    """A coding of a system ("" is none) with one of these codes."""

    parameter: Parameter
    system: str
    codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Terms:
    """`:in` a value set (`value`: its URL, or `ValueSet/id`); `:below` or `:above` a code (`value`) of a system.

    Terminology says which codes these are (search/terms.py): no engine answers it as it stands.
    """

    parameter: Parameter
    how: Literal["in", "below", "above"]
    value: str
    system: str = ""


@dataclass(frozen=True, slots=True)
class OfType:
    """`identifier:of-type`: an identifier with this type and value."""

    parameter: Parameter
    system: str
    code: str
    value: str


@dataclass(frozen=True, slots=True)
class Words:
    """`:text`: the words that go with a code begin so."""

    parameter: Parameter
    text: str


@dataclass(frozen=True, slots=True)
class PointsTo:
    """A reference to `type/id`."""

    parameter: Parameter
    type: str
    id: str


@dataclass(frozen=True, slots=True)
class PointsToUrl:
    """A reference by URL: absolute, canonical or URN."""

    parameter: Parameter
    url: str


@dataclass(frozen=True, slots=True)
class PointsToIdentifier:
    """A logical reference (`:identifier`); `system` and `code` as in HasToken."""

    parameter: Parameter
    system: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class HasUri:
    """A URI; "below" is it or one under it, "above" is it or one over it (URLs, by path segment)."""

    parameter: Parameter
    uri: str
    how: Literal["equal", "below", "above"]


@dataclass(frozen=True, slots=True)
class Text:
    """A string; "exact" compares `text` as written, the others its normal form ("whole": all of it)."""

    parameter: Parameter
    text: str
    how: Literal["starts", "contains", "exact", "ends", "whole"]


@dataclass(frozen=True, slots=True)
class Content:
    """`_content`, `_text`: some text of the resource (or its narrative alone) holds this, as fhir/content.py says."""

    text: str
    narrative: bool


@dataclass(frozen=True, slots=True)
class Range:
    """A date, number or quantity against [low, high); `unit` is (system, code), system "" being any."""

    parameter: Parameter
    comparison: Comparison
    low: float
    high: float
    unit: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Near:
    """Locations within so many kilometres of a point (degrees, WGS 84)."""

    parameter: Parameter
    latitude: float
    longitude: float
    kilometres: float


@dataclass(frozen=True, slots=True)
class Item:
    """A composite: some one item meets every test. Tests: HasToken, PointsTo, PointsToUrl or Range, in order."""

    parameter: Parameter
    tests: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """A reference to a visible resource of `type` for which `where` holds."""

    parameter: Parameter
    type: str
    where: "Condition"


@dataclass(frozen=True, slots=True)
class Reverse:
    """`_has`: some visible resource of `type`, for which `where` holds, refers here by `parameter`."""

    type: str
    parameter: Parameter
    where: "Condition"


Condition = (
    And | Or | Not | HasId | Changed | Exists | HasToken | AnyCode | Terms | OfType | Words | PointsTo | PointsToUrl
    | PointsToIdentifier | HasUri | Text | Content | Range | Near | Item | Chain | Reverse
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key of the order: a parameter, or a column (`_id`, `_lastUpdated`). Missing values come last."""

    parameter: Parameter
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Include:
    """`_include` or `_revinclude`: references of `type` by `parameter` (None: by any), to `target` (None: any)."""

    type: str
    parameter: Parameter | None
    target: str | None = None
    iterate: bool = False


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next page begins: after the row with these sort values and this rid."""

    values: tuple[float | str, ...]
    rid: int


@dataclass(frozen=True, slots=True)
class Query:
    """One search."""

    type: str
    where: Condition = field(default_factory=And)
    sort: tuple[SortKey, ...] = ()
    count: int = 50  # resources a page; 0 asks for the total alone
    cursor: Cursor | None = None
    include: tuple[Include, ...] = ()
    revinclude: tuple[Include, ...] = ()
    summary: str = "false"  # "true", "text", "data", "count" or "false"
    elements: tuple[str, ...] = ()
    total: str = "none"  # "none", "estimate" or "accurate"
    ignored: tuple[str, ...] = ()  # names of parameters that were not understood, without their values
    used: tuple[tuple[str, str], ...] = ()  # the pairs that were, for the `self` link
