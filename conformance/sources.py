"""What Maven brought: HL7's published cases and examples, read out of the packages that carry them.

The packages lie in conformance/.lib, put there by `make test-conformance`.
"""

import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

LIBRARY = Path(__file__).with_name(".lib")
CASES = "fhir-test-cases-1.7.37.jar"  # org.hl7.fhir.testcases, Apache-2.0 and CC0
EXAMPLES = "fhir-examples-4.11.1.jar"  # com.ibm.fhir: json/spec and xml/spec are HL7's of R4 4.0.1, CC0
_ROOT = "org/hl7/fhir/testcases/"


@cache
def package(name: str) -> zipfile.ZipFile:
    """Open a package. Raises FileNotFoundError where it was not brought."""
    return zipfile.ZipFile(LIBRARY / name)


def need(name: str) -> None:
    """Skip what stands in the calling module, with the reason, where a package is not there."""
    if not (LIBRARY / name).exists():
        pytest.skip(f"{name} is not here: run `make test-conformance`", allow_module_level=True)


def case_file(path: str) -> bytes:
    """Return a file of HL7's test cases, e.g. `r4/patch/json-patch-tests.json`."""
    return package(CASES).read(_ROOT + path)


def case_files(folder: str, ending: str) -> list[str]:
    """Return the paths of HL7's test cases below a folder."""
    names = (one.removeprefix(_ROOT) for one in package(CASES).namelist())
    return sorted(one for one in names if one.startswith(folder + "/") and one.endswith(ending))


def examples(form: str) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of each of R4's own examples; `form` is json or xml."""
    archive = package(EXAMPLES)
    for name in archive.namelist():
        if name.startswith(f"{form}/spec/") and name.endswith(f".{form}"):
            yield name.rpartition("/")[2], archive.read(name)
