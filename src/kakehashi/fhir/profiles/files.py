"""Installed packages: one file each in a folder, its definitions found by URL and decoded when first asked for.

A file is the magic, the length of the index in 4 bytes, the index (MessagePack), then the definitions (MessagePack),
each at the place that the index says.
"""

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeVar

import msgspec

from kakehashi.core.errors import Failure
from kakehashi.fhir.profiles.model import CodeList, Package, Profile, ValueSetRules

SUFFIX: Final = ".profiles"
_MAGIC: Final = b"KKHPROF1"

Kind = Literal["profile", "value-set", "code-list"]
Definition = TypeVar("Definition", Profile, ValueSetRules, CodeList)


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Where one definition stands, in bytes from the end of the index."""

    kind: Kind
    url: str
    version: str
    start: int
    end: int


class _Index(msgspec.Struct, frozen=True, array_like=True):
    name: str
    version: str
    title: str
    places: tuple[Place, ...]


class BrokenInstallation(Failure):
    """A file among the installed packages that cannot be read."""

    code = "exception"


@dataclass(frozen=True, slots=True)
class Installed:
    """An installed package, open for reading."""

    name: str
    version: str
    title: str
    places: tuple[Place, ...]
    body: memoryview

    def decode(self, place: Place, kind: type[Definition]) -> Definition:
        """Return the definition at a place."""
        return msgspec.msgpack.decode(self.body[place.start : place.end], type=kind)

    def count(self, kind: Kind) -> int:
        """Return how many definitions of a kind the package holds."""
        return sum(place.kind == kind for place in self.places)


def packed(package: Package) -> bytes:
    """Return a package as the bytes of its file."""
    blobs: list[bytes] = []
    places: list[Place] = []
    at = 0
    kinds: tuple[tuple[Kind, tuple[Profile | ValueSetRules | CodeList, ...]], ...] = (
        ("profile", package.profiles),
        ("value-set", package.value_sets),
        ("code-list", package.code_lists),
    )
    for kind, definitions in kinds:
        for one in definitions:
            blob = msgspec.msgpack.encode(one)
            places.append(Place(kind, one.url, one.version, at, at + len(blob)))
            blobs.append(blob)
            at += len(blob)
    index = msgspec.msgpack.encode(_Index(package.name, package.version, package.title, tuple(places)))
    return b"".join((_MAGIC, len(index).to_bytes(4, "big"), index, *blobs))


def opened(body: bytes, name: str = "") -> Installed:
    """Return the package that the bytes of a file hold. Raises BrokenInstallation naming the file."""
    head = len(_MAGIC) + 4
    try:
        if not body.startswith(_MAGIC):
            raise ValueError
        length = int.from_bytes(body[len(_MAGIC) : head], "big")
        index = msgspec.msgpack.decode(body[head : head + length], type=_Index)
    except (ValueError, msgspec.DecodeError):
        raise BrokenInstallation(
            f"導入済みのパッケージ {name} を読めません。package.tgz から入れ直してください (kakehashi profiles add)。",
            f"The installed package {name} cannot be read; add its package.tgz again (kakehashi profiles add).",
            rule="package.installed",
        ) from None
    return Installed(index.name, index.version, index.title, index.places, memoryview(body)[head + length :])


def installed(folder: Path) -> list[Installed]:
    """Return the packages in a folder, by name; none where there is no folder. Raises BrokenInstallation."""
    found = sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else []
    return [opened(path.read_bytes(), path.name) for path in found]


def install(folder: Path, package: Package) -> Path:
    """Write a package into the folder, in the place of the same package of any version; whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{re.sub(r'[^A-Za-z0-9._-]', '_', package.name)}{SUFFIX}"
    handle, name = tempfile.mkstemp(dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(packed(package))
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return target
