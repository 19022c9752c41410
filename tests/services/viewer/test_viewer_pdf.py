"""A PDF that would run something is told from one that only shows."""

import zlib

import pytest

from kakehashi.services.viewer.attachments import acts

HEAD = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog "


def packed(inside: bytes) -> bytes:
    """A PDF of which an object is compressed, as newer ones are."""
    return (
        HEAD + b">>\nendobj\n2 0 obj\n<< /Type /ObjStm >>\nstream\n" + zlib.compress(inside) + b"\nendstream"
    )


@pytest.mark.parametrize(
    "pdf",
    [
        HEAD + b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >> >>",
        HEAD + b"/AA << /O << /JS(x) >> >> >>",
        HEAD + b"/OpenAction << /S /J#61vaScript /J#53 3 0 R >> >>",
        HEAD + b"/AcroForm << /XFA 4 0 R >> >>",
        packed(b"<< /S /JavaScript /JS (app.alert(1)) >>"),
        packed(b"<< /S /J#61vaScript >>"),
    ],
)
def test_a_pdf_that_carries_a_script_is_known(pdf: bytes):
    assert acts(pdf)


@pytest.mark.parametrize(
    "pdf",
    [
        HEAD + b"/Title (JavaScript) >>",
        HEAD + b"/JSON 1 >>",
        packed(b"<< /Type /Page >>"),
        HEAD + b"/Type /ObjStm >> stream\nnot compressed",
    ],
)
def test_a_pdf_that_only_shows_is_not_taken_for_one(pdf: bytes):
    assert not acts(pdf)
