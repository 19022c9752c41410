"""Small packages for tests: profiles, value sets and code systems that a test writes itself."""

import io
import json
import tarfile
import tempfile
from pathlib import Path

from kakehashi.fhir.parse import parse
from kakehashi.fhir.profiles import ProfileSet
from kakehashi.fhir.profiles.reading import read
from kakehashi.fhir.validate import validate

HERE = "http://example.org/fhir/"
CORE = "http://hl7.org/fhir/StructureDefinition/"
ABOUT = {"name": "example.test", "version": "1.0.0", "fhirVersions": ["4.0.1"]}


def profile(name, kind, *elements, base=None, held="differential", **more):
    """A StructureDefinition called `name` on an R4 type, with ElementDefinitions as dicts."""
    return {
        "resourceType": "StructureDefinition",
        "url": HERE + name,
        "name": name,
        "status": "active",
        "kind": "complex-type" if kind in ("Extension", "Identifier", "Quantity", "Coding") else "resource",
        "abstract": False,
        "type": kind,
        "baseDefinition": base or CORE + kind,
        "derivation": "constraint",
        held: {"element": list(elements)},
        **more,
    }


def element(path, slice_name="", **said):
    """An ElementDefinition; its id is made from path and slice names where `id` is not given."""
    return {"path": path, **({"sliceName": slice_name} if slice_name else {}), **said}


def extension(name, value="string", *elements, **more):
    """The definition of an extension with a value of one type."""
    return profile(
        name,
        "Extension",
        {"id": "Extension.url", "path": "Extension.url", "fixedUri": HERE + name},
        {"id": "Extension.value[x]", "path": "Extension.value[x]", "min": 1, "type": [{"code": value}]},
        *elements,
        **more,
    )


def archive(members, about=ABOUT):
    """The bytes of a package.tgz with JSON files by name."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, tree in {"package.json": about, **members}.items():
            body = tree if isinstance(tree, bytes) else json.dumps(tree).encode()
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
    return buffer.getvalue()


def packed(*resources, about=ABOUT):
    """The bytes of a package with these resources."""
    named = {f"{one['resourceType']}-{number}.json": one for number, one in enumerate(resources)}
    return archive(named, about)


def package(*resources, about=ABOUT):
    """The package with these resources, read as a user's file would be."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "package.tgz")
        path.write_bytes(packed(*resources, about=about))
        return read(path)


def profiles(*resources):
    """A ProfileSet of one package."""
    return ProfileSet.of([package(*resources)])


def resource(tree):
    """The resource of a tree; that it is valid R4 is a part of every case."""
    made = parse(json.dumps(tree).encode())
    assert validate(made) == [], tree
    return made


def found(known, tree, *names):
    """What the named profiles find wrong: (rule, place) of every error."""
    problems = known.check(resource(tree), [HERE + name for name in names] if names else None)
    return [(one.rule, one.place) for one in problems if one.severity == "error"]
