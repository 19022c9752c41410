"""What one request knows of terminology: found by canonical through its window, loaded when needed, logged as used."""

import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar

from kakehashi.core.errors import BadRequest, TooCostly
from kakehashi.engines.house import House
from kakehashi.engines.terminology.cache import Cache
from kakehashi.engines.terminology.keeping import Made
from kakehashi.engines.terminology.making import compiled, off_loop
from kakehashi.fhir import definitions
from kakehashi.fhir.parse import Resource, Tree, parse
from kakehashi.store import concepts
from kakehashi.store.concepts import Kept
from kakehashi.store.read import Reading
from kakehashi.terms.code_system import CodeSystem
from kakehashi.terms.compose import Composed, Versions, composed
from kakehashi.terms.concept_map import ConceptMap
from kakehashi.terms.packing import Packed, split
from kakehashi.terms.refusals import Missing, unknown
from kakehashi.terms.value_set import ValueSet, implicit

MOST = 200  # resources that one request may need
_EVER = datetime(1, 1, 1, tzinfo=UTC)
_STANDING = {"active": 2, "draft": 1}
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Named:
    """How a request names a resource: by id, by URL and business version, or by sending it."""

    id: str = ""
    url: str = ""
    version: str = ""
    sent: Resource | None = None

    @property
    def canonical(self) -> str:
        """`url` or `url|version`."""
        return f"{self.url}|{self.version}" if self.version and "|" not in self.url else self.url


@dataclass(frozen=True, slots=True)
class Loaded:
    """A resource with what it was compiled to; `kept` None: it lies in no row."""

    kept: Kept | None
    packed: Packed


class World:
    """Terminology as one open look sees it. `made`: what had to be compiled on the way, to be kept afterwards."""

    def __init__(self, house: House, look: Reading) -> None:
        self.look = look
        self.cache: Cache = house.terms
        self.made: list[Made] = []
        self._known: dict[tuple[str, str], Loaded | None] = {}

    def code_system(self, canonical: str) -> CodeSystem | None:
        """Return a code system, None where it is not here. Raises Missing."""
        found = self._get("CodeSystem", canonical)
        return CodeSystem.of(found.packed) if found else None

    def value_set(self, canonical: str) -> ValueSet | None:
        """Return a value set, None where it is not here. Raises Missing."""
        found = self._get("ValueSet", canonical)
        return ValueSet.of(found.packed) if found else None

    def concept_map(self, canonical: str) -> ConceptMap | None:
        """Return a map, None where it is not here. Raises Missing."""
        found = self._get("ConceptMap", canonical)
        return ConceptMap.of(found.packed) if found else None

    async def root(self, kind: str, named: Named) -> Loaded:
        """Return the resource that a request is about. Raises NotFound, Gone, BadRequest."""
        if named.sent is not None:
            return Loaded(None, await compiled(named.sent))
        if named.id:
            kept = await concepts.one(self.look, kind, named.id)
            if kept is None:
                await self.look.require(kind, named.id)
                raise unknown(kind, named.id)
            return await self.load(kept)
        if not named.url:
            raise _nothing_named(kind)
        found = await self.find(kind, named.canonical)
        if found is None:
            raise unknown(kind, named.canonical)
        return found

    async def find(self, kind: str, canonical: str) -> Loaded | None:
        """Return what a canonical means, None where it is not here."""
        if (kind, canonical) not in self._known:
            [kept] = await self.meant([(kind, canonical)])
            found = await self.load(kept) if kept else await _built_in(kind, canonical)
            if found and found.packed.head.get("url") != split(canonical)[0]:
                found = None  # two URLs with one hash
            self._known[kind, canonical] = found
        return self._known[kind, canonical]

    async def answer(self, ask: Callable[[], Answer], size: int = 0) -> Answer:
        """Return what `ask` answers; what it misses is fetched, and it is asked again. Raises TooCostly."""
        for _ in range(MOST):
            try:
                return await off_loop(size, ask)
            except Missing as missing:
                found = await self.find(missing.kind, missing.canonical)
                size += found.packed.size if found else 0
        raise _too_many()

    async def composed(self, root: Loaded, versions: Versions) -> Composed:
        """Return the codes of a value set; kept for the next request that means the same rows."""
        key = _key(root, versions)
        if (held := self.cache.get(key, _Remembered)) and await self._still(held.needs):
            return held.composed
        value_set = ValueSet.of(root.packed)
        result = await self.answer(lambda: composed(value_set, self, versions), root.packed.size)
        needs = [
            (*name, found.kept.key if found and found.kept else None) for name, found in self._known.items()
        ]
        used = [("packed", *one) for *_, one in needs if one] + (
            [("packed", *root.kept.key)] if root.kept else []
        )
        if root.kept:
            self.cache.put(key, _Remembered(tuple(needs), result), result.size, used)
        return result

    async def meant(self, wanted: Sequence[tuple[str, str]]) -> list[Kept | None]:
        """Return the row that each (type, canonical) means: of several versions that asked for, else the newest."""
        rows = await concepts.named(self.look, [(kind, split(canonical)[0]) for kind, canonical in wanted])
        chosen = []
        for (_, canonical), found in zip(wanted, rows, strict=True):
            _, version = split(canonical)
            told = [await self._told(one) for one in found]
            chosen.append(_newest([one for one in told if version in ("", one.business)]))
        self.look.seen += (one.seen for one in chosen if one)
        return chosen

    async def rules(self, root: Loaded, named: Named) -> Tree:
        """Return the `compose` of a value set as its resource has it, as a member of its own; nothing for none."""
        tree = named.sent.tree if named.sent else {}
        if root.kept:
            tree = parse(await concepts.body(self.look, root.kept)).tree
        return {"compose": tree["compose"]} if "compose" in tree else {}

    async def load(self, kept: Kept) -> Loaded:
        """Return what a row was compiled to: from memory, from the store, or made now."""
        if kept.seen not in self.look.seen:
            self.look.seen.append(kept.seen)
        return Loaded(kept, await self._packed(kept))

    def _get(self, kind: str, canonical: str) -> Loaded | None:
        try:
            return self._known[kind, canonical]
        except KeyError:
            raise Missing(kind, canonical) from None

    async def _packed(self, kept: Kept) -> Packed:
        key = ("packed", *kept.key)
        if found := self.cache.get(key, Packed):
            return found
        frame = await concepts.frame(self.look, kept) if kept.business is not None else None
        if frame is not None:
            packed = await off_loop(len(frame), lambda: Packed.of_frame(frame))
        else:
            packed = await compiled(parse(await concepts.body(self.look, kept)))
            self.made.append((*kept.key, packed))
        self.cache.put_packed(key, packed)
        return packed

    async def _told(self, kept: Kept) -> Kept:
        """Return a row with its own facts."""
        if kept.business is not None:
            return kept
        head = (await self._packed(kept)).head
        facts = [str(head.get(name, "")) for name in ("version", "status", "date")]
        return replace(kept, business=facts[0], status=facts[1], dated=facts[2])

    async def _still(self, needs: "Sequence[_Need]") -> bool:
        """Say whether canonicals still mean the same rows; they are noted as used."""
        found = await self.meant([(kind, canonical) for kind, canonical, _ in needs]) if needs else []
        return all((one.key if one else None) == key for one, (*_, key) in zip(found, needs, strict=True))


_Need = tuple[str, str, tuple[int, int] | None]  # type, canonical, key of the row that it meant


@dataclass(frozen=True, slots=True)
class _Remembered:
    needs: tuple[_Need, ...]
    composed: Composed


def _key(root: Loaded, versions: Versions) -> Hashable:
    wanted = tuple(tuple(sorted(one.items())) for one in (versions.default, versions.check, versions.force))
    return ("composed", root.kept.key if root.kept else None, wanted, versions.but)


def _newest(found: Sequence[Kept]) -> Kept | None:
    return max(found, key=_standing, default=None)


def _standing(one: Kept) -> tuple[object, ...]:
    numbers = [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in _parts(one.business or "")]
    return _STANDING.get(one.status or "", 0), numbers, one.dated or "", one.changed_at, one.rid


def _parts(version: str) -> list[str]:
    return re.findall(r"[0-9]+|[^0-9.\-+]+", version)


async def _built_in(kind: str, canonical: str) -> Loaded | None:
    """Return what a URL stands for without being loaded: an implicit value set, or one of R4's own definitions."""
    tree = None
    if kind == "ValueSet":
        tree = implicit(canonical) or _of_r4(split(canonical)[0])
    if tree is None:
        return None
    return Loaded(None, await compiled(Resource(kind, "", b"", tree)))


def _of_r4(url: str) -> Tree | None:
    held = definitions.load().value_sets.get(url)
    if held is None:
        return None
    include = [
        {"system": system, "concept": [{"code": code} for code in codes]}
        for system, codes in held.codes.items()
    ]
    include += [{"system": system} for system in held.open]
    return {"resourceType": "ValueSet", "url": url, "version": definitions.load().version, "status": "active",
            "compose": {"include": include}}  # fmt: skip


def _nothing_named(kind: str) -> BadRequest:
    return BadRequest(
        f"{kind} を url、id、またはリソースそのもので示してください。",
        f"Name the {kind} by url or id, or send the resource itself.",
        rule="terminology.named",
        place="url",
    )


def _too_many() -> TooCostly:
    return TooCostly(
        f"{MOST} を超える CodeSystem や ValueSet が必要です。value set を分けてください。",
        f"More than {MOST} CodeSystems and ValueSets are needed; split the value set.",
        rule="terminology.size",
    )
