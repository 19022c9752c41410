"""Definitions by canonical URL over all packages: which one is meant, and which is the newest."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from kakehashi.fhir.profiles.files import Definition, Installed, Kind, Place
from kakehashi.fhir.profiles.model import CodeList, Profile, ValueSetRules, split


@dataclass(frozen=True, slots=True)
class Entry:
    """One definition of one package."""

    package: Installed
    place: Place


class Library:
    """What is installed. A definition is meant by its URL: of several versions the package's own goes first."""

    def __init__(self, packages: Iterable[Installed]) -> None:
        self._packages = tuple(packages)
        self._entries: dict[tuple[Kind, str], list[Entry]] = defaultdict(list)
        for package in self._packages:
            for place in package.places:
                self._entries[place.kind, place.url].append(Entry(package, place))
        for listed in self._entries.values():
            listed.sort(key=_newest_first, reverse=True)
        self._decoded: dict[tuple[int, Kind, int], Profile | ValueSetRules | CodeList] = {}

    @cached_property
    def urls(self) -> frozenset[str]:
        """The canonical URLs of all profiles."""
        return frozenset(url for kind, url in self._entries if kind == "profile")

    def entries(self, kind: Kind, canonical: str, home: Installed | None = None) -> list[Entry]:
        """Return the definitions meant by a canonical, the best first.

        A version that is asked for is a definition's own or its package's; then come those of the package `home`,
        which names the canonical, then the newest.
        """
        url, version = split(canonical)
        found = self._entries.get((kind, url), [])
        return sorted(
            found,
            key=lambda one: (
                bool(version) and version not in (one.place.version, one.package.version),
                one.package is not home,
            ),
        )

    def entry(self, kind: Kind, canonical: str, home: Installed | None = None) -> Entry | None:
        """Return the definition that a canonical means, None where none is installed."""
        return next(iter(self.entries(kind, canonical, home)), None)

    def read(self, entry: Entry, kind: type[Definition]) -> Definition:
        """Return an entry's definition; decoded once."""
        key = (id(entry.package), entry.place.kind, entry.place.start)
        if key not in self._decoded:
            self._decoded[key] = entry.package.decode(entry.place, kind)
        found = self._decoded[key]
        assert isinstance(found, kind)
        return found


def _newest_first(entry: Entry) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return _number(entry.place.version), _number(entry.package.version)


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"[0-9]+", version))
