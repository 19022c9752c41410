"""The profiles of installed packages, and `check`: a resource held against those that it claims.

Check what `validate` accepts: profiles say what holds beyond R4, and nothing is said here of what R4 itself asks.
What does the work (holding.py) is imported when there is work: most installations begin without a package, and a
command that starts should not wait for it.
"""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kakehashi.core.errors import Problem

if TYPE_CHECKING:
    from kakehashi.fhir.parse import Resource
    from kakehashi.fhir.profiles.files import Installed
    from kakehashi.fhir.profiles.holding import Holding
    from kakehashi.fhir.profiles.model import Package


class ProfileSet:
    """Profiles to check against. Each is compiled when first needed; one set serves all requests of a process."""

    def __init__(self, packages: "Iterable[Installed]" = ()) -> None:
        self.packages = tuple(packages)

    @classmethod
    def load(cls, folder: Path) -> "ProfileSet":
        """Return the profiles installed in a folder; none where it does not exist. Raises BrokenInstallation."""
        if not folder.is_dir():
            return cls()
        from kakehashi.fhir.profiles.files import installed

        return cls(installed(folder))

    @classmethod
    def of(cls, packages: "Iterable[Package]") -> "ProfileSet":
        """Return the profiles of packages that are not installed."""
        from kakehashi.fhir.profiles.files import opened, packed

        return cls([opened(packed(one)) for one in packages])

    @cached_property
    def _holding(self) -> "Holding":
        from kakehashi.fhir.profiles.holding import Holding

        return Holding(self.packages)

    @property
    def urls(self) -> frozenset[str]:
        """The canonical URLs of all profiles, without versions."""
        return self._holding.urls

    def check(self, resource: "Resource", urls: Iterable[str] | None = None) -> list[Problem]:
        """Return what profiles find wrong with a resource; empty when it conforms.

        `urls`: canonicals, with or without `|version`; default: those in `meta.profile`. Resources within (entries
        of a Bundle, contained) are held against their own `meta.profile`, extensions against their definitions.
        A profile that is not installed gives a problem of severity "information".
        """
        if not self.packages and urls is None and "meta" not in resource.tree:
            return []
        return self._holding.check(resource, urls)

    def unchecked(self, urls: Iterable[str] | None = None) -> list[Problem]:
        """Return what profiles (default: all) ask for and this server does not check, each with the reason.

        Every problem has severity "information". Compiles the profiles, which takes a while for hundreds of them.
        """
        return self._holding.unchecked(urls)
