"""`kakehashi profiles add | list`: install profile packages under the home folder, and say which are there."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kakehashi.core.errors import BadRequest
from kakehashi.fhir.profiles import files, reading

FOLDER = "profiles"
"""Name of the folder below the home folder; `ProfileSet.load(home / FOLDER)` reads it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One package, as the terminal shows it."""

    name: str
    version: str
    title: str
    profiles: int
    value_sets: int
    code_systems: int
    replaced: str = ""  # version of the same package that it took the place of
    passed_over: tuple[str, ...] = ()  # definitions that are not for R4, each with the reason


def add(home: Path, path: Path) -> list[Line]:
    """Install a package.tgz, or every .tgz in a folder; a package that is there already is replaced.

    All are read before the first is installed, so that one bad file leaves all as it was. Raises BadPackage.
    """
    found = sorted(path.glob("*.tgz")) if path.is_dir() else [path]
    if not found:
        raise BadRequest(
            f"{path} に .tgz のパッケージがありません。",
            f"There is no package (.tgz) in {path}.",
            rule="package.missing",
        )
    packages = [reading.read(one) for one in found]
    before: dict[str, str] = {}
    with suppress(files.BrokenInstallation):  # to add it again is how a broken one is mended
        before = {line.name: line.version for line in listed(home)}
    for package in packages:
        files.install(home / FOLDER, package)
    return [
        Line(
            one.name,
            one.version,
            one.title,
            len(one.profiles),
            len(one.value_sets),
            len(one.code_lists),
            before.get(one.name, ""),
            one.passed_over,
        )
        for one in packages
    ]


def listed(home: Path) -> list[Line]:
    """Return the installed packages by name. Raises BrokenInstallation."""
    return [
        Line(
            one.name,
            one.version,
            one.title,
            one.count("profile"),
            one.count("value-set"),
            one.count("code-list"),
        )
        for one in files.installed(home / FOLDER)
    ]
