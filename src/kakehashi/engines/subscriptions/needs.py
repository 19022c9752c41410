"""What a change must have to concern a rule: index tokens, so that of many subscriptions only candidates are looked at.

A token is necessary, never enough: the rule itself decides (search/memory.py). Where nothing can be said of the tokens,
a mark of the type stands for "any change of it", which every change carries. Pure.
"""

from collections.abc import Iterable

from kakehashi.core.hashing import hash64
from kakehashi.engines.subscriptions.rules import Rule
from kakehashi.fhir.index import index
from kakehashi.fhir.parse import Resource
from kakehashi.search.plan import And, Condition, HasToken, Or
from kakehashi.store import search_tokens
from kakehashi.store.subscriptions import Watched

MOST = 200  # tokens of one rule; one that asks for more is looked at for every change of its type


def watched(rules: Iterable[Rule]) -> Watched:
    """Return what a subscription with these rules looks at."""
    kept = tuple(rules)
    needs = frozenset[int]().union(*(needs_of(rule) for rule in kept))
    return Watched(frozenset(rule.type for rule in kept), needs, any(rule.needs_before for rule in kept))


def needs_of(rule: Rule) -> frozenset[int]:
    """Return tokens one of which every change has that meets the rule."""
    parts = [rule.where]
    if _current_is_asked(rule) and rule.current is not None:
        parts.append(rule.current)
    found = _tokens(And(tuple(parts)))
    return frozenset({_mark(rule.type)}) if found is None or len(found) > MOST else found


def tokens_of(resource: Resource) -> frozenset[int]:
    """Return what a change of a resource has, its state after it (before it, of a deletion)."""
    return frozenset(index(resource).tokens) | {_mark(resource.type)}


def _current_is_asked(rule: Rule) -> bool:
    """Whether no change meets the rule whose state after does not meet `current`."""
    if rule.for_delete is True:
        return False
    return rule.previous is None or (rule.both and "delete" not in rule.interactions)


def _mark(resource_type: str) -> int:
    return hash64(f"subscriptions.any.{resource_type}")


def _tokens(asked: Condition) -> frozenset[int] | None:
    """Tokens one of which whatever meets the condition has; None where nothing can be said."""
    match asked:
        case And(parts):
            return _fewest(parts)
        case Or(parts):
            return _joined(map(_tokens, parts))
    one = search_tokens.token(asked)
    if one is not None:
        return frozenset({one})
    coded = search_tokens.coded(asked)
    if coded is None:
        return None
    return frozenset({coded.alone, coded.beside} if coded.code is None else {coded.code})


def _fewest(parts: Iterable[Condition]) -> frozenset[int] | None:
    """The tokens of that part which the fewest changes are likely to meet: every part must hold."""
    found = [
        (not search_tokens.singles_out(part), _common(part), len(tokens), sorted(tokens))
        for part in parts
        if (tokens := _tokens(part)) is not None
    ]
    return frozenset(min(found)[-1]) if found else None


def _joined(each: Iterable[frozenset[int] | None]) -> frozenset[int] | None:
    whole = frozenset[int]()
    for one in each:
        if one is None:
            return None
        whole |= one
    return whole


def _common(asked: Condition) -> bool:
    """Whether a condition names one of few codes, such as a status or a category: half of all changes may have it."""
    return isinstance(asked, HasToken) and (asked.parameter.plain or asked.parameter.code == "category")
