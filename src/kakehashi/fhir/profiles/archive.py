"""Read a FHIR package (`package.tgz`) that somebody sent: nothing is unpacked to disk, size and ratio are capped.

Source of the form: https://confluence.hl7.org/display/FHIR/NPM+Package+Specification.
"""

import gzip
import io
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from kakehashi.core.errors import Failure

LARGEST_FILE = 256 * 2**20  # bytes of the .tgz
LARGEST_MEMBER = 64 * 2**20  # bytes of one JSON file
LARGEST_WHOLE = 768 * 2**20  # bytes unpacked; hl7.fhir.r4.core, the largest known, has under 300 MB
MOST_MEMBERS = 50_000
RATIO = 100  # unpacked to packed; packages of definitions have about 11
FREE = 16 * 2**20  # bytes that may be unpacked whatever the ratio

_FOLDER = "package/"


class BadPackage(Failure):
    """A file that is not a FHIR package, or that this server will not open."""

    status, code = 400, "invalid"


@dataclass(frozen=True, slots=True)
class Member:
    """One JSON file of a package."""

    name: str  # without the folder: "StructureDefinition-jp-patient.json"
    body: bytes


def members(path: Path) -> Iterator[Member]:
    """Yield the JSON files directly in the package's folder, in their order. Raises BadPackage.

    Files elsewhere (examples, other folders) are passed over; a name that leads out of the archive, a link or a
    device among the members refuses the whole.
    """
    if not path.is_file():
        raise BadPackage(
            f"{path.name} がありません。", f"There is no file {path.name}.", rule="package.missing"
        )
    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise _too_large(path.name)
    try:
        with path.open("rb") as file, gzip.GzipFile(fileobj=file) as packed:
            counted = io.BufferedReader(_Counted(packed, max(FREE, size * RATIO), path.name))
            with tarfile.open(fileobj=counted, mode="r|") as archive:
                yield from _members(archive, path.name)
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BadPackage(
            f"{path.name} は .tgz として読めません。FHIR パッケージ (package.tgz) を指定してください。",
            f"{path.name} cannot be read as .tgz ({error}); give a FHIR package (package.tgz).",
            rule="package.archive",
        ) from None


class _Counted(io.RawIOBase):
    """A stream that ends in BadPackage once it has given more than it may."""

    def __init__(self, inner: BinaryIO | gzip.GzipFile, most: int, name: str) -> None:
        self._inner, self._left, self._name = inner, min(most, LARGEST_WHOLE), name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        found = self._inner.read(len(buffer))
        self._left -= len(found)
        if self._left < 0:
            raise _too_large(self._name)
        buffer[: len(found)] = found
        return len(found)


def _members(archive: tarfile.TarFile, file_name: str) -> Iterator[Member]:
    for number, member in enumerate(archive):
        name = member.name.removeprefix("./")
        if number >= MOST_MEMBERS or member.size > LARGEST_MEMBER:
            raise _too_large(file_name)
        if not (member.isfile() or member.isdir()) or name.startswith("/") or ".." in name.split("/"):
            raise BadPackage(
                f"{file_name} に、外へ出る名前またはリンクが含まれています ({number + 1} 番目)。使わないでください。",
                f"{file_name} holds a link or a name that leads out of it (member {number + 1}); do not use it.",
                rule="package.unsafe",
            )
        inside = name.removeprefix(_FOLDER)
        if not member.isfile() or inside == name or "/" in inside or not inside.endswith(".json"):
            continue
        if file := archive.extractfile(member):
            yield Member(inside, file.read())


def _too_large(name: str) -> BadPackage:
    return BadPackage(
        f"{name} は大きすぎるか、圧縮率が高すぎて開けません。公式の配布元のパッケージを使ってください。",
        f"{name} is too large, or packed too tightly, to be opened; use the publisher's own package.",
        rule="package.too-large",
    )
