"""One's own record as files, and the services' declarations."""

import importlib
import pkgutil
from datetime import UTC, datetime
from io import BytesIO
from zipfile import ZipFile

import orjson
import pytest

from kakehashi import services
from kakehashi.faces.web.routes import PAGES
from kakehashi.services.person.download import archive, bundle, ndjson
from kakehashi.services.shape import Service
from kakehashi.store import compression
from kakehashi.store.rows import Row

AT = datetime(2026, 11, 21, tzinfo=UTC)


def row(body: bytes) -> Row:
    return Row(1, "Observation", "o", 1, 6, 1, 0, 0, 0, AT, AT, False, compression.pack(body))


BODIES = [
    b'{"resourceType":"Observation","id":"o","valueQuantity":{"value":7.10}}',
    b'{"resourceType":"Patient","id":"p"}',
]


def test_every_resource_keeps_its_bytes():
    rows = [row(body) for body in BODIES]
    assert ndjson(rows).splitlines() == BODIES
    assert b'"value":7.10' in bundle(rows, AT)
    assert len(orjson.loads(bundle(rows, AT))["entry"]) == 2


def test_no_record_makes_a_bundle_without_entries():
    assert orjson.loads(bundle([], AT)) == {
        "resourceType": "Bundle", "type": "collection", "timestamp": "2026-11-21T00:00:00.000Z",
    }  # fmt: skip


def test_the_same_record_makes_the_same_archive():
    made = archive([row(BODIES[0])], b"<p>", b"", AT)
    assert made == archive([row(BODIES[0])], b"<p>", b"", AT)
    assert set(ZipFile(BytesIO(made)).namelist()) == {
        "README.txt", "record.html", "style.css", "records.ndjson", "bundle.json",
    }  # fmt: skip


NAMES = [one.name for one in pkgutil.iter_modules(services.__path__) if one.ispkg]


@pytest.mark.parametrize("name", NAMES)
def test_every_service_declares_itself_under_its_folders_name(name: str):
    declared = importlib.import_module(f"kakehashi.services.{name}.service").SERVICE
    assert isinstance(declared, Service) and declared.name == name
    assert declared.ja and declared.en and declared.law and declared.operations
    assert all(one.roles and one.institutions for one in declared.operations)
    assert set(declared.pages) <= {page.path for page in PAGES}
