"""Profiles: what implementation guides ask beyond R4. Packages are read, installed, and held against resources.

`reading.read(path)` takes a package.tgz; `files.install(folder, package)` keeps it;
`ProfileSet.load(folder).check(resource)` says what is wrong. Source: https://hl7.org/fhir/R4/profiling.html.
"""

from kakehashi.fhir.profiles.profile_set import ProfileSet

__all__ = ["ProfileSet"]
