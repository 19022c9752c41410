"""One's own record as files: FHIR for a machine, a page for the eye, in one archive. Pure but for the archive's bytes.

The resources are the served bytes, untouched. Source: 個人情報保護法33条 (開示は電磁的記録の提供によることができる).
"""

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import orjson

from kakehashi.core.clock import fhir_instant
from kakehashi.store.rows import Row

README = """架け橋から受け取ったあなたの記録です。 Your record from Kakehashi.

record.html     読むためのページ · to be read in a browser
records.ndjson  FHIR R4 の資源、1行に1件 · FHIR R4 resources, one a line
bundle.json     同じ内容を一つの FHIR Bundle にしたもの · the same as one FHIR Bundle

このファイルには診療の情報が含まれます。保管場所に注意してください。
These files hold health information. Mind where you keep them.
"""


def ndjson(rows: Sequence[Row]) -> bytes:
    """Return the resources, one a line, as they were served."""
    return b"".join(row.body + b"\n" for row in rows)


def bundle(rows: Sequence[Row], at: datetime) -> bytes:
    """Return the resources as a Bundle of type collection; each resource's bytes stay as they are."""
    entries = b",".join(b'{"resource":' + row.body + b"}" for row in rows)
    head = orjson.dumps({"resourceType": "Bundle", "type": "collection", "timestamp": fhir_instant(at)})
    return head[:-1] + (b',"entry":[' + entries + b"]}" if rows else b"}")


def archive(rows: Sequence[Row], page: bytes, style: bytes, at: datetime) -> bytes:
    """Return the ZIP archive: README, page with its style sheet, NDJSON, Bundle."""
    files = {
        "README.txt": README.encode(),
        "record.html": page,
        "style.css": style,
        "records.ndjson": ndjson(rows),
        "bundle.json": bundle(rows, at),
    }
    made = BytesIO()
    moment = (at.year, at.month, at.day, at.hour, at.minute, at.second)
    with ZipFile(made, "w") as packed:
        for name, body in files.items():
            packed.writestr(ZipInfo(name, moment), body, ZIP_DEFLATED)
    return made.getvalue()
