# ruff: noqa: S608 (what is put together are fixed texts and placeholders; every value is an argument)
"""A condition of search/plan.py as SQL over one alias of `resource`. Pure: text and arguments, nothing is executed.

Whatever a condition looks at in other rows (chains, `_has`) passes the window under that row's own alias, so a
row that is not seen changes no answer. All values are arguments of the statement.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from kakehashi.core.hashing import row_key
from kakehashi.fhir.indexing import forms
from kakehashi.fhir.indexing.entries import WITHIN, pair_keys, salted
from kakehashi.fhir.indexing.program import place_of
from kakehashi.fhir.indexing.words import text_key
from kakehashi.fhir.types import NUMBER
from kakehashi.search.plan import (
    And,
    AnyCode,
    Chain,
    Changed,
    Comparison,
    Condition,
    Content,
    Exists,
    HasId,
    HasUri,
    Item,
    Near,
    Not,
    Or,
    Range,
    Reverse,
    Text,
    Words,
)
from kakehashi.store import search_tokens, search_words
from kakehashi.store.search_hints import NO_HINTS, Hints
from kakehashi.store.window_sql import Arguments, Predicate

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_END = "\x1e"  # stands before each text of a row, so that behind the last one it ends it

# `{l}`, `{h}`: the value's interval; `{low}`, `{high}`: the one asked for.
# Source: https://hl7.org/fhir/R4/search.html#prefix
_COMPARED: dict[Comparison, str] = {
    "eq": "{l} >= {low} AND {h} <= {high}",
    "ne": "({l} < {low} OR {h} > {high})",
    "gt": "{h} > {high}",
    "lt": "{l} < {low}",
    "ge": "({h} > {high} OR ({l} >= {low} AND {h} <= {high}))",
    "le": "({l} < {low} OR ({l} >= {low} AND {h} <= {high}))",
    "sa": "{l} >= {high}",
    "eb": "{h} <= {low}",
    "ap": "{l} < {high} AND {h} > {low}",
}
# The moment a version was stored has no length.
_CHANGED: dict[Comparison, str] = {
    "eq": "{0}.changed_at >= {low} AND {0}.changed_at < {high}",
    "ne": "({0}.changed_at < {low} OR {0}.changed_at >= {high})",
    "gt": "{0}.changed_at >= {high}",
    "lt": "{0}.changed_at < {low}",
    "ge": "{0}.changed_at >= {low}",
    "le": "{0}.changed_at < {high}",
    "sa": "{0}.changed_at >= {high}",
    "eb": "{0}.changed_at < {low}",
    "ap": "{0}.changed_at >= {low} AND {0}.changed_at < {high}",
}
# Great-circle distance in kilometres (haversine; the earth's mean diameter is 12,742 km).
_DISTANCE = (
    "12742 * asin(least(1, sqrt(sin(radians((v.low - {lat}) / 2)) ^ 2 + cos(radians({lat})) * cos(radians(v.low))"
    " * sin(radians((v.high - {lon}) / 2)) ^ 2)))"
)


class Conditions:
    """Writes conditions; arguments are gathered, aliases are numbered.

    Where the hints know the persons, rows are few by that, and dates need not be looked up in the index.
    """

    def __init__(self, seen: Predicate, arguments: Arguments, hints: Hints = NO_HINTS) -> None:
        self.seen, self.arguments, self.hints = seen, arguments, hints
        self.found = hints.persons
        self.aliases = 0
        self.joins: dict[str, list[str]] = {}  # by alias: what its row is compared with, each one row itself
        self.by_tokens: dict[
            str, bool
        ] = {}  # by alias: whether its rows are found by tokens, not by their type

    def rows(self, alias: str) -> str:
        """Return what `FROM` says of an alias whose conditions are written."""
        return " CROSS JOIN ".join([f"resource AS {alias}", *self.joins.get(alias, ())])

    def of_type(self, alias: str, resource_type: str, where: Condition, *, in_order: bool) -> str:
        """Return the test of a row's type; `in_order`: rows are wanted in the order of rid, the first ones only.

        Where tokens find the rows, the type is kept from the index on it: that would be walked from end to end.
        """
        by_id = isinstance(where, And) and any(isinstance(part, HasId) for part in where.parts)
        wanted = search_tokens.narrows(where, self.hints.common) or search_tokens.short_time(where)
        by_tokens = not by_id and (wanted or (not in_order and search_tokens.has_tokens(where)))
        self.by_tokens[alias] = self.found or by_tokens
        if self.by_tokens[alias]:
            number = self.arguments.add(NUMBER[resource_type], "smallint")
            return f"{alias}.type + 0 = {number}{self.hints.concerning(resource_type, alias, self.arguments)}"
        return f"{alias}.type = {NUMBER[resource_type]}::smallint"

    def write(self, asked: Condition, alias: str, resource_type: str) -> str:
        """Return the condition on the row `alias`, which is of `resource_type`; true or false, never null."""
        one = search_tokens.token(asked)
        if one is not None:
            return self._all_tokens(alias, [one])
        if (coding := search_tokens.coded(asked)) is not None:
            return self._coded(coding, alias)
        match asked:
            case And(parts):
                return self._and(parts, alias, resource_type)
            case Or(parts):
                return self._or(parts, alias, resource_type)
            case Not(part):
                return f"NOT ({self.write(part, alias, resource_type)})"
            case HasId(ids):
                return self._ids(ids, alias, resource_type)
            case Changed():
                return self._changed(asked, alias)
            case Range():
                return self._narrowed([asked], alias)
            case Chain():
                return self._chains([asked], alias)
            case Reverse():
                return self._reverse(asked, alias, resource_type)
            case _:
                return self._value(asked, alias)

    def _value(self, asked: Condition, alias: str) -> str:
        match asked:
            case Exists(p):
                # The bit of the parameter in the row's first number (entries.presence).
                return f"({alias}.ranges[1]::bigint & {self.arguments.add(1 << place_of(p), 'bigint')} <> 0)"
            case HasUri():
                return self._any_token(alias, search_tokens.above(asked))
            case Words(p, text):
                return self._text(alias, text_key(p.name + ":text") + text)
            case Text(p, text, "starts"):
                mark = self._all_tokens(alias, [p.salt ^ forms.asked_start(text)])
                return f"({mark} AND {self._text(alias, text_key(p.name) + text)})"
            case Text(p, text, "whole"):
                mark = self._all_tokens(alias, [p.salt ^ forms.asked_start(text)])
                whole = self.arguments.add(text_key(p.name) + text + _END, "text")
                return f"({mark} AND strpos({alias}.texts || '{_END}', {whole}) > 0)"
            case Text():
                return self._contains(asked, alias)
            case Content():
                narrow = self.by_tokens.get(alias, True) and not self.found
                return search_words.condition(asked, alias, self.arguments, narrow=narrow)
            case Near():
                return self._near(asked, alias)
            case Item():
                return self._item(asked, alias)
            case AnyCode():
                return self._any_code(asked, alias)
        raise TypeError(type(asked).__name__)

    def _and(self, parts: Sequence[Condition], alias: str, resource_type: str) -> str:
        """All parts; tokens are asked for together, and ranges of one parameter narrow together."""
        tokens = [one for part in parts if (one := search_tokens.token(part)) is not None]
        ranges = [part for part in parts if isinstance(part, Range)]
        rest = [p for p in parts if not isinstance(p, Range) and search_tokens.token(p) is None]
        tests = [self._all_tokens(alias, tokens)] if tokens else []
        few = any(map(search_tokens.singles_out, parts))
        for parameter in dict.fromkeys(one.parameter for one in ranges):
            tests.append(
                self._narrowed([one for one in ranges if one.parameter is parameter], alias, few=few)
            )
        tests += [self.write(part, alias, resource_type) for part in rest]
        return "(" + " AND ".join(tests) + ")" if tests else "true"

    def _or(self, parts: Sequence[Condition], alias: str, resource_type: str) -> str:
        tokens = [one for part in parts if (one := search_tokens.token(part)) is not None]
        chains = [part for part in parts if isinstance(part, Chain)]
        rest = [p for p in parts if not isinstance(p, Chain) and search_tokens.token(p) is None]
        tests = [self._any_token(alias, tokens)] if tokens else []
        tests += [self._chains(chains, alias)] if chains else []
        tests += [self.write(part, alias, resource_type) for part in rest]
        return "(" + " OR ".join(tests) + ")" if tests else "false"

    def _all_tokens(self, alias: str, tokens: list[int]) -> str:
        return f"{alias}.tokens @> {self._array(alias, tokens)}"

    def _any_token(self, alias: str, tokens: list[int]) -> str:
        return f"{alias}.tokens && {self._array(alias, tokens)}"

    def _array(self, alias: str, tokens: list[int]) -> str:
        """The tokens as an argument; as numbers in the text where rows are found by their type: how many rows have the
        tokens then decides between two ways, and a plan that is made for any tokens takes the wrong one.
        """
        found = sorted(set(tokens))
        if self.by_tokens.get(alias, True):
            return self.arguments.add(found, "bigint[]")
        return f"'{{{','.join(map(str, found))}}}'::bigint[]"

    def _coded(self, asked: search_tokens.Coded, alias: str) -> str:
        """A coding of a system: code and system narrow; where a row's codings could be confused, the pair decides."""
        systems = [asked.alone, asked.beside]
        if asked.code is None:
            return self._any_token(alias, systems)
        code, beside = (self.arguments.add(one, "bigint") for one in (asked.code, asked.beside))
        pair = self._pair(alias, f"= {code}", beside)
        narrow = self._all_tokens(alias, [asked.code])
        if not self.found and asked.code in self.hints.common and self.by_tokens.get(alias, True):
            narrow += f" AND {self._any_token(alias, systems)}"
        return f"({narrow} AND ({self._all_tokens(alias, [asked.alone])} OR {pair}))"

    def _any_code(self, asked: AnyCode, alias: str) -> str:
        """One of many codes of a system: as `_coded`, for all of them at once."""
        salt, form = asked.parameter.salt, forms.system_form(asked.system)
        codes = [salt ^ forms.code_form(code) for code in asked.codes]
        if asked.parameter.plain:
            return "false" if asked.system else self._any_token(alias, codes)
        narrow = self._any_token(alias, codes)
        named = self.arguments.add(sorted(codes), "bigint[]")
        pair = self._pair(alias, f"= ANY ({named})", self.arguments.add(salt ^ forms.beside(form), "bigint"))
        return f"({narrow} AND ({self._all_tokens(alias, [salt ^ form])} OR {pair}))"

    def _pair(self, alias: str, code: str, beside: str) -> str:
        """A code right before its system. unnest, unlike generate_series, tells PostgreSQL how few tokens a row has."""
        return (
            f"EXISTS (SELECT FROM unnest({alias}.tokens, {alias}.tokens[2:]) AS t (here, next)"
            f" WHERE t.here {code} AND t.next = {beside})"
        )

    def _float(self, number: float) -> str:
        return self.arguments.add(number, "float8")

    def _ids(self, ids: tuple[str, ...], alias: str, resource_type: str) -> str:
        """The keys find the rows; the ids themselves are compared, for two may share a key."""
        keys = self.arguments.add([row_key(resource_type, one) for one in ids], "bigint[]")
        return (
            f"({alias}.rid = ANY ({keys}) AND {alias}.id = ANY ({self.arguments.add(list(ids), 'text[]')}))"
        )

    def _changed(self, asked: Changed, alias: str) -> str:
        bounds = {"low": asked.low, "high": asked.high}
        template = _CHANGED[asked.comparison]
        used = {
            n: self.arguments.add(_moment(at), "timestamptz")
            for n, at in bounds.items()
            if f"{{{n}}}" in template
        }
        return "(" + template.format(alias, **used) + ")"

    def _narrowed(self, asked: list[Range], alias: str, *, few: bool = False) -> str:
        tests = [self._range(one, alias) for one in asked]
        if not (few or self.found) and (marks := search_tokens.narrowing(asked)) is not None:
            tests.insert(0, self._any_token(alias, marks))
        return "(" + " AND ".join(tests) + ")"

    def _range(self, asked: Range, alias: str) -> str:
        """Some interval compares as asked. With a unit: that of all values, or the interval's own (entries.py)."""
        plain = self._interval(asked, alias, float(asked.parameter.number))
        if asked.unit is None:
            return plain
        salt = salted(asked.parameter.name + ":unit")
        units = [salt ^ form for form in forms.asked_unit(*asked.unit)]
        mixed = [self._interval(asked, alias, forms.range_key(unit)) for unit in units]
        return f"(({self._any_token(alias, units)} AND {plain}) OR {' OR '.join(mixed)})"

    def _interval(self, asked: Range, alias: str, number: float) -> str:
        test = self._compared(asked, "v.low", "v.high")
        return f"EXISTS (SELECT FROM ranges_of({alias}.ranges, {self._float(number)}) AS v WHERE {test})"

    def _compared(self, asked: Range, low: str, high: str) -> str:
        bounds = {"low": asked.low, "high": asked.high}
        template = _COMPARED[asked.comparison]
        used = {name: self._float(number) for name, number in bounds.items() if f"{{{name}}}" in template}
        return template.format(l=low, h=high, **used)

    def _text(self, alias: str, start: str) -> str:
        return f"strpos({alias}.texts, {self.arguments.add(start, 'text')}) > 0"

    def _contains(self, asked: Text, alias: str) -> str:
        found = self._holds(asked, alias)
        if asked.how == "ends" or asked.parameter.code not in WITHIN:
            return found
        salt = asked.parameter.salt
        letters = self._all_tokens(alias, [salt ^ mark for mark in forms.asked_inside(asked.text)])
        long = self._all_tokens(alias, [salt ^ forms.LONG])
        return f"(({letters} OR {long}) AND {found})"

    def _holds(self, asked: Text, alias: str) -> str:
        key = self.arguments.add(text_key(asked.parameter.name), "text")
        text = self.arguments.add(asked.text, "text")
        at_end = asked.how == "ends"
        test = f"right(v.value, length({text})) = {text}" if at_end else f"strpos(v.value, {text}) > 0"
        return f"EXISTS (SELECT FROM texts_of({alias}.texts, {key}) AS v WHERE {test})"

    def _near(self, asked: Near, alias: str) -> str:
        number = self._float(float(asked.parameter.number))
        distance = _DISTANCE.format(lat=self._float(asked.latitude), lon=self._float(asked.longitude))
        test = f"{distance} <= {self._float(asked.kilometres)}"
        return f"EXISTS (SELECT FROM ranges_of({alias}.ranges, {number}) AS v WHERE {test})"

    def _item(self, asked: Item, alias: str) -> str:
        """A code with a quantity, or with two numbers: the code's form says where the intervals stand."""
        form, *measures = search_tokens.form(asked.tests[0]), *asked.tests[1:]
        ranges = [one for one in measures if isinstance(one, Range)]
        salt = asked.parameter.salt
        mark = self._all_tokens(alias, [salt ^ form])
        if len(ranges) == 1:
            units = [forms.NO_UNIT] if ranges[0].unit is None else forms.asked_unit(*ranges[0].unit)
            keys = [forms.range_key(salt ^ forms.together(form, unit)) for unit in units]
            found = [self._interval(ranges[0], alias, key) for key in keys]
            return f"({mark} AND ({' OR '.join(found)}))"
        first, second = (self._float(key) for key in pair_keys(salt ^ form))
        tests = [
            self._compared(one, low, high)
            for one, low, high in zip(
                ranges, ("v.low", "v.other_low"), ("v.high", "v.other_high"), strict=True
            )
        ]
        pairs = f"range_pairs_of({alias}.ranges, {first}, {second}) AS v"
        return f"({mark} AND EXISTS (SELECT FROM {pairs} WHERE {' AND '.join(tests)}))"

    def _other(self, resource_type: str, where: Condition) -> tuple[str, str]:
        """Return an alias for another row, and what makes it one: its type, the window, the condition."""
        self.aliases += 1
        alias = f"o{self.aliases}"
        of_type = self.of_type(alias, resource_type, where, in_order=False)
        test = self.write(where, alias, resource_type)
        return alias, f"{of_type} AND {self.seen(alias)} AND {test}"

    def _chains(self, asked: Sequence[Chain], alias: str) -> str:
        """A reference to one of the rows that some chain leads to. These are gathered before, and joined: PostgreSQL
        takes a column to the token index, but under row-level security not the result of a subquery.
        """
        found = []
        for one in asked:
            other, test = self._other(one.type, one.where)
            salt = self.arguments.add(one.parameter.salt_to(one.type), "bigint")
            found.append(f"SELECT {other}.rid # {salt} AS token FROM {self.rows(other)} WHERE {test}")
        self.aliases += 1
        name = f"c{self.aliases}"
        tokens = (
            f"SELECT coalesce(array_agg(u.token), '{{}}') AS tokens FROM ({' UNION ALL '.join(found)}) AS u"
        )
        self.joins.setdefault(alias, []).append(f"({tokens}) AS {name}")
        return f"{alias}.tokens && {name}.tokens"

    def _reverse(self, asked: Reverse, alias: str, resource_type: str) -> str:
        other, test = self._other(asked.type, asked.where)
        salt = self.arguments.add(asked.parameter.salt_to(resource_type), "bigint")
        return (
            f"EXISTS (SELECT FROM {self.rows(other)} CROSS JOIN LATERAL unnest({other}.tokens) AS t{other}"
            f" WHERE {test} AND t{other} # {salt} = {alias}.rid)"
        )


def _moment(milliseconds: float) -> datetime:
    """Return a time as PostgreSQL takes it; beyond Python's calendar, its nearest end."""
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC) if milliseconds > 0 else datetime.min.replace(tzinfo=UTC)
