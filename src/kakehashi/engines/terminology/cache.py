"""What terminology keeps in memory: at most so many bytes, the longest unused going first.

Keys name a state of a row (rid, version), so what is kept is never out of date; whether the caller may use it is asked
before, by each request anew.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar, cast

from kakehashi.terms.columns import Concepts
from kakehashi.terms.packing import Packed

MOST = 48 << 20  # bytes in one process; 100 thousand concepts with Japanese names take about 19 MB
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class _Held:
    value: object
    size: int
    uses: frozenset[Hashable]  # keys of what it is made of: gone with the first of them


class Cache:
    """Compiled resources, composed value sets, and filters as sets."""

    def __init__(self, most: int = MOST) -> None:
        self.most, self.size = most, 0
        self._held: OrderedDict[Hashable, _Held] = OrderedDict()
        self._owners: dict[
            int, Hashable
        ] = {}  # by the identity of columns: the key of the resource they belong to

    def get(self, key: Hashable, kind: type[Value]) -> Value | None:
        """Return what is kept under a key, None where nothing is; `kind`: what it is."""
        held = self._held.get(key)
        if held is None:
            return None
        for used in held.uses:
            if used in self._held:
                self._held.move_to_end(used)
        self._held.move_to_end(key)
        return cast(Value, held.value)

    def put(self, key: Hashable, value: object, size: int, uses: Iterable[Hashable] = ()) -> None:
        """Keep something, if it fits and everything it is made of is kept too."""
        made_of = frozenset(uses)
        if size > self.most or not made_of <= self._held.keys():
            return
        self._drop(key)
        self._held[key] = _Held(value, size, made_of)
        self.size += size
        while self.size > self.most:
            self._drop(next(iter(self._held)))

    def put_packed(self, key: Hashable, packed: Packed) -> None:
        """Keep a compiled resource."""
        self.put(key, packed, packed.size)
        if key in self._held:
            self._owners |= {id(one): key for one in packed.lists}

    def owner(self, concepts: Concepts) -> Hashable | None:
        """Return the key of the kept resource that columns belong to."""
        return self._owners.get(id(concepts))

    def _drop(self, key: Hashable) -> None:
        held = self._held.pop(key, None)
        if held is None:
            return
        self.size -= held.size
        if isinstance(held.value, Packed):
            for one in held.value.lists:
                self._owners.pop(id(one), None)
        for other in [name for name, one in self._held.items() if key in one.uses]:
            self._drop(other)
