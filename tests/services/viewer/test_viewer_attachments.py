"""Attachments of a document: taken from within it only, and a wrong label is not believed."""

from base64 import b64encode

from viewer_words import sheet

from kakehashi.core.kinds import Kind
from kakehashi.services.viewer.attachments import attachments_of, content_of

PDF = b"%PDF-1.7 sample"


def document(*entries):
    return sheet(Kind.DISCHARGE, "Bundle", entry=[{"resource": one, **more} for one, more in entries])


def reference(**attachment):
    return {"resourceType": "DocumentReference", "content": [{"attachment": attachment}]}, {}


def held(body):
    return b64encode(body).decode()


def test_a_pdf_in_the_document_is_named_and_opened():
    one = document(reference(contentType="application/pdf", title="心電図", data=held(PDF)))
    [said] = attachments_of(one)
    assert (said.title, said.name, said.shown) == ("心電図", "PDF", True)
    assert content_of(one, 0) == ("application/pdf", PDF)


def test_a_binary_beside_it_is_found_and_an_address_outside_is_not_followed():
    binary = {"resourceType": "Binary", "id": "b", "data": held(PDF)}, {"fullUrl": "urn:uuid:b"}
    one = document(
        reference(contentType="application/pdf", url="https://elsewhere.example/x.pdf"),
        reference(contentType="application/pdf", url="urn:uuid:b"),
        binary,
    )
    assert [said.number for said in attachments_of(one)] == [0] and content_of(one, 0) == (
        "application/pdf",
        PDF,
    )


def test_what_is_labelled_a_pdf_and_is_none_is_not_shown_as_one():
    one = document(reference(contentType="application/pdf", data=held(b"<script>alert(1)</script>")))
    assert content_of(one, 0) == ("", b"<script>alert(1)</script>")


def test_a_page_is_never_shown_and_what_is_not_there_is_none():
    one = document(
        reference(contentType="text/html", data=held(b"<p>x")), reference(contentType="image/png", data="!")
    )
    assert not attachments_of(one)[0].shown
    assert content_of(one, 0) == ("", b"<p>x")
    assert content_of(one, 7) is None and content_of(document(), 0) is None
