"""Conditional operations: which stored resource a search text means, inside the transaction that writes.

Source: https://hl7.org/fhir/R4/http.html#ccreate, #cond-update, #cdelete, #trules (conditional references)
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import parse_qsl

from kakehashi.core.actors import Actor
from kakehashi.core.errors import BadRequest, Failure, Invalid, ManyMatches, NotSupported, Problem
from kakehashi.engines.records.asked import Asked, window_now
from kakehashi.engines.records.check import Checked
from kakehashi.engines.records.references import conditional
from kakehashi.engines.records.search import require_scope
from kakehashi.engines.records.wanted import Method
from kakehashi.fhir.types import NUMBER
from kakehashi.search.parse import parse_query
from kakehashi.search.plan import Query
from kakehashi.search.terms import terms_in
from kakehashi.store.locks import lock
from kakehashi.store.rows import Row
from kakehashi.store.write import Writing

_MOST = 2  # rows looked for: one is the match, two are too many


@dataclass(frozen=True, slots=True)
class Finder:
    """Looks for what a condition means, as far as the actor sees without a person in mind."""

    work: Writing
    by: Actor
    base_url: str

    async def match(self, resource_type: str, text: str, place: str) -> Row | None:
        """Return the one match, None when there is none.

        Raises ManyMatches, BadRequest, BadSearchValue, NotSupported, Refused.
        """
        query = query_of(resource_type, text, at=self.work.at, base_url=self.base_url)
        asked = Asked(self.by, self.work.at)
        require_scope(asked, query)
        window = (await window_now(self.work.connection, asked)).searching()
        rows = await self.work.find(query, window)
        if len(rows) > 1:
            raise _many(place, resource_type)
        return rows[0] if rows else None


def query_of(resource_type: str, text: str, *, at: datetime, base_url: str) -> Query:
    """Return the query of a condition. Every parameter must be understood: to drop one would mean something else."""
    pairs = parse_qsl(text.removeprefix("?"), keep_blank_values=True, max_num_fields=50)
    query = parse_query(resource_type, pairs, strict=True, at=at, base_url=base_url)
    if not query.used:
        raise BadRequest(
            "条件が空です。identifier=system|value のような条件を書いてください。",
            "The condition is empty; write one such as identifier=system|value.",
            rule="http.condition",
        )
    for asked in terms_in(query.where):
        raise NotSupported(
            "条件に :in・:not-in・:above・:below は使えません。コードを system|code の形で列挙してください。",
            "A condition cannot use :in, :not-in, :above or :below; list the codes as system|code.",
            rule="search.not-supported",
            place=asked.parameter.code,
        )
    return replace(
        query, count=_MOST, sort=(), include=(), revinclude=(), total="none", summary="false", cursor=None
    )


async def settled(finder: Finder, checked: Sequence[Checked]) -> tuple[list[Checked], dict[int, Row]]:
    """Return the wishes with their conditions answered, and the rows that conditional creates already found.

    A conditional update or delete that matched gets the match's id; a delete that matched nothing keeps none. Two
    transactions with the same condition take turns, so that both cannot find that nothing is there.
    """
    texts = [(one.wanted.type, one.wanted.if_none_exist or one.wanted.condition) for one in checked]
    own = finder.by.institution.key
    await lock(finder.work.connection, (f"{own}\x1f{kind}\x1f{text}" for kind, text in texts if text))
    result, there = list(checked), dict[int, Row]()
    for number, one in enumerate(checked):
        wanted = one.wanted
        if wanted.if_none_exist is not None:
            row = await finder.match(wanted.type, wanted.if_none_exist, wanted.place)
            if row is not None:
                there[number] = row
        elif wanted.condition is not None:
            row = await finder.match(wanted.type, wanted.condition, wanted.place)
            result[number] = _meant(one, row)
    return result, there


async def references(finder: Finder, checked: Sequence[Checked]) -> dict[str, str]:
    """Return what each conditional reference (`Patient?identifier=…`) stands for. Raises Invalid, ManyMatches."""
    names: dict[str, str] = {}
    problems = []
    for one in checked:
        for said in conditional(one.resource) if one.resource else ():
            if said in names:
                continue
            try:
                names[said] = await _referred(finder, said)
            except Failure as failure:
                if isinstance(failure, ManyMatches):
                    raise
                problems += [
                    problem.moved(one.wanted.place or one.wanted.type) for problem in failure.problems
                ]
    if problems:
        raise Invalid(problems=problems)
    return names


async def _referred(finder: Finder, said: str) -> str:
    resource_type, _, text = said.partition("?")
    row = await finder.match(resource_type, text, said) if resource_type in NUMBER else None
    if row is None:
        raise Invalid(problems=[_no_match(resource_type)])
    return f"{row.type}/{row.id}"


def _meant(one: Checked, row: Row | None) -> Checked:
    wanted = one.wanted
    if row is None:
        name = one.resource.id if one.resource and wanted.method is Method.UPDATE else ""
        return replace(one, wanted=replace(wanted, id=name or None))
    if one.resource is not None and one.resource.id not in ("", row.id):
        raise BadRequest(
            "条件に合う登録済みリソースの id と、送られた id が異なります。id を省くか揃えてください。",
            "The resource that the condition finds has another id than the one sent. Leave it out, or use that one.",
            rule="http.id",
            place=f"{wanted.place or wanted.type}.id",
        )
    return replace(one, wanted=replace(wanted, id=row.id))


def _many(place: str, resource_type: str) -> ManyMatches:
    return ManyMatches(
        f"条件に合う {resource_type} が複数あります。1件に絞れる条件にしてください。",
        f"More than one {resource_type} meets the condition; make it name one.",
        rule="http.condition",
        place=place,
    )


def _no_match(resource_type: str) -> Problem:
    return Problem(
        "http.conditional-reference",
        resource_type,
        f"条件付き参照に合う {resource_type[:64]} がありません。先に登録してください。",
        f"No {resource_type[:64]} meets the conditional reference; register it first.",
        "not-found",
    )
