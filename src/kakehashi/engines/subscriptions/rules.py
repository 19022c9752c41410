"""When a change is an event of a subscription: triggers and filters compiled to search conditions. Pure.

A change is held against the one resource that changed, so chains and `_has` cannot be asked for here.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl

from kakehashi.core.errors import Failure, Invalid, Problem
from kakehashi.engines.subscriptions.orders import Order, problem
from kakehashi.engines.subscriptions.topics import Topic
from kakehashi.fhir.types import NUMBER
from kakehashi.search.parse import parse_query
from kakehashi.search.plan import And, Chain, Changed, Condition, Near, Not, Or, Reverse, Terms

MOST_FILTERS = 10
Holds = Callable[[Condition], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """One trigger with the subscriber's filters worked in. `current`, `previous`: None where they are not asked."""

    type: str
    interactions: frozenset[str]
    where: Condition
    current: Condition | None = None
    previous: Condition | None = None
    for_create: bool | None = None
    for_delete: bool | None = None
    both: bool = False

    @property
    def needs_before(self) -> bool:
        """Whether the version before is looked at, other than for a deletion."""
        return self.previous is not None

    def met(self, before: Holds | None, after: Holds | None) -> bool:
        """Say whether a change is an event; `before` is None for a create, `after` for a delete."""
        what = "create" if before is None else "delete" if after is None else "update"
        there = after or before
        if what not in self.interactions or there is None or not there(self.where):
            return False
        if self.current is None and self.previous is None:
            return True
        tests = [
            one
            for one in (
                _tested(self.current, after, self.for_delete),
                _tested(self.previous, before, self.for_create),
            )
            if one is not None
        ]
        return bool(tests) and (all(tests) if self.both else any(tests))


def _tested(asked: Condition | None, state: Holds | None, otherwise: bool | None) -> bool | None:
    """The outcome of a test, what it counts as where there is no such state, None where it is not asked."""
    if asked is None:
        return None
    return otherwise if state is None else state(asked)


def rules_of(order: Order, topic: Topic | None, base_url: str) -> tuple[Rule, ...]:
    """Return the rules of a subscription. Raises Invalid, naming what cannot be asked for and where."""
    if not order.topic:
        kind, _, text = order.criteria.partition("?")
        where = _condition(kind, text, base_url, "criteria")
        return (Rule(kind, frozenset({"create", "update"}), where),)
    if topic is None:
        raise _invalid(
            "topic", "criteria",
            "この canonical の SubscriptionTopic がありません。先に Basic として登録してください。",
            "There is no SubscriptionTopic with this canonical. Store it as a Basic first.",
        )  # fmt: skip
    if topic.beyond or not topic.triggers:
        beyond = ", ".join(topic.beyond) or "resourceTrigger (0)"
        raise _invalid(
            "topic", "criteria",
            f"この SubscriptionTopic には対応していない条件があります: {beyond}。",
            f"This SubscriptionTopic asks for what is not done here: {beyond}.",
        )  # fmt: skip
    filters = _filters(order, topic, base_url)
    return tuple(
        Rule(
            one.type, one.interactions, filters.get(one.type, And()),
            _condition(one.type, one.current, base_url, "criteria") if one.current else None,
            _condition(one.type, one.previous, base_url, "criteria") if one.previous else None,
            one.for_create, one.for_delete, one.both,
        )
        for one in topic.triggers
    )  # fmt: skip


def _filters(order: Order, topic: Topic, base_url: str) -> dict[str, Condition]:
    """The subscriber's filters by type: `Type?name=value`; each narrows further."""
    if len(order.filters) > MOST_FILTERS:
        raise _invalid(
            "filter",
            "criteria",
            f"絞り込みは {MOST_FILTERS} 個までです。",
            f"At most {MOST_FILTERS} filters.",
        )
    found: dict[str, list[Condition]] = {}
    types = {one.type for one in topic.triggers}
    for text in order.filters:
        kind, _, query = text.partition("?")
        names = {name.partition(":")[0] for name, _ in parse_qsl(query, keep_blank_values=True)}
        if kind not in types or not all(topic.may_filter(kind, name) for name in names):
            raise _invalid(
                "filter", "criteria",
                "この SubscriptionTopic では使えない絞り込みです (canFilterBy を見てください)。",
                "This SubscriptionTopic cannot be filtered so; see its canFilterBy.",
            )  # fmt: skip
        found.setdefault(kind, []).append(_condition(kind, query, base_url, "criteria"))
    return {kind: And(tuple(parts)) for kind, parts in found.items()}


@lru_cache(maxsize=4096)
def _condition(resource_type: str, text: str, base_url: str, place: str) -> Condition:
    if resource_type not in NUMBER:
        raise _invalid("criteria", place, "リソース型がありません。", "There is no such resource type.")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=50)
        query = parse_query(resource_type, pairs, strict=True, base_url=base_url)
    except ValueError:
        raise _invalid("criteria", place, "条件が読めません。", "The criteria cannot be read.") from None
    except Failure as failure:  # each names its parameter and shows an example
        raise Invalid(
            problems=[
                Problem(one.rule, f"Subscription.{place}", one.ja, one.en, one.code)
                for one in failure.problems
            ]
        ) from None
    if not alone(query.where):
        raise _invalid(
            "criteria", place,
            "連鎖 (a.b)・_has・_lastUpdated・near・:in・:below・:above は購読の条件には使えません。",
            "Chains, _has, _lastUpdated, near, :in, :below and :above cannot be used to subscribe.",
        )  # fmt: skip
    return query.where


def alone(where: Condition) -> bool:
    """Say whether a condition can be answered by looking at one resource."""
    return not any(isinstance(one, Chain | Reverse | Terms | Changed | Near) for one in _leaves(where))


def _leaves(where: Condition) -> Iterator[Condition]:
    match where:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _leaves(part)
        case Not(part):
            yield from _leaves(part)
        case _:
            yield where


def _invalid(rule: str, place: str, ja: str, en: str) -> Invalid:
    return Invalid(problems=[problem(rule, place, ja, en)])
